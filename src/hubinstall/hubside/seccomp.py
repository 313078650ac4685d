"""Which system calls a person's server may make: the seccomp profile that Docker gets as JSON.

A list of what is allowed (system-calls.txt), so that calls of later kernels stay closed. It has nothing that Docker's
own profile refuses a container without capabilities (moby's profiles/seccomp/default.json), and leaves out what a
notebook never needs; docs/explanation/security.md names that. Debuggers of one's own processes work: process_vm_readv,
which Docker 20.10 refused, can do no more than ptrace, which it let in.

The profile names no architecture, so that it is for the machine's own: programs of 32 bits end with SIGSYS. Their calls
are a second door (socketcall hides a socket's family behind a pointer).
"""

import json
from pathlib import Path
from typing import Any

Rule = dict[str, Any]
"""An item of `syscalls` in a profile (docs.docker.com, "Seccomp security profiles for Docker")."""
ENOSYS = 38
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
FAMILIES = (UNIX, INET, INET6, NETLINK)
"""Of sockets (address_families(7)). Docker names those that it refuses, and compares all 64 bits, of which the kernel
reads 32: a number with more bits passes there.
"""
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Docker's: Linux, with 32 bits of addresses, with the release 2.6, with both, and the question which it is."""
NAMESPACES = 0x7E020000
"""The flags of clone(2) that make a namespace."""
PROJECT_CALLS = (0x6602, 0x5820)
"""FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR (linux/fs.h), by their type and number alone, whatever sizes they name. With
them the owner of a file could take it out of the project of the home's quota, or end that new files come into it.
"""
# Programs that try these and are told that the kernel has none use what they used before.
ABSENT = ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register")


def profile() -> str:
    """As JSON. Docker 20.10 knows all that is in it."""
    rules = [
        allow(always()),
        *(allow("socket", only(family)) for family in FAMILIES),
        allow("socketpair", only(UNIX)),
        *(allow("personality", only(one)) for one in PERSONALITIES),
        allow("clone", bits(0, NAMESPACES, 0)),
        *(allow("ioctl", bits(1, mask, value)) for mask, value in all_but(PROJECT_CALLS, 16)),
        # Its flags are behind a pointer.
        {"names": ABSENT, "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS},
    ]
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}, separators=(",", ":"))


def always() -> str:
    """What is let in without a condition."""
    lines = Path(__file__).with_name("system-calls.txt").read_text(encoding="ascii").splitlines()
    return " ".join(line for line in lines if not line.startswith("#"))


def allow(names: str, *arguments: Rule) -> Rule:
    return {"names": names.split(), "action": "SCMP_ACT_ALLOW", "args": list(arguments)}


def all_but(values: tuple[int, ...], width: int) -> list[tuple[int, int]]:
    """Masks and values that match each number of so many bits but these. Rules for one call are joined by "or", so "is
    not this and not that" takes one rule for each bit that can differ.
    """
    found = []
    for bit in range(width):
        above = (1 << width) - (1 << (width - bit))
        here = 1 << (width - bit - 1)
        for start in sorted({value & above for value in values}):
            halves = {start, start | here} - {value & (above | here) for value in values}
            found += [(above | here, half) for half in sorted(halves)]
    return found


def bits(index: int, mask: int, value: int) -> Rule:
    """So many bits of an argument are these; the kernel, too, reads no others of some."""
    return {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}


def only(value: int) -> Rule:
    """The first argument is this one, with all its bits."""
    return {"index": 0, "value": value, "op": "SCMP_CMP_EQ"}
