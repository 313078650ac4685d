"""The system calls of people's servers. What Docker itself would refuse there is tried on a machine (attacks/)."""

import json
from itertools import pairwise

import pytest

from hubinstall.hubside import seccomp

# What Docker's documentation names as refused ("Significant syscalls blocked by the default profile"), what this
# profile leaves out of the rest, and doors to other programs.
REFUSED = """
    acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module get_kernel_syms get_mempolicy
    init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind mount move_pages nfsservctl
    open_by_handle_at perf_event_open pivot_root process_madvise query_module quotactl quotactl_fd reboot request_key
    set_mempolicy setns settimeofday stime swapon swapoff sysfs _sysctl umount umount2 unshare uselib userfaultfd ustat
    vm86 vm86old chroot syslog sethostname setdomainname vhangup fanotify_init fsopen fsmount fsconfig fspick open_tree
    move_mount mount_setattr pidfd_getfd migrate_pages
    io_uring_setup io_uring_enter io_uring_register name_to_handle_at fanotify_mark adjtimex modify_ldt
    remap_file_pages memfd_secret vmsplice setfsuid setfsgid process_mrelease clone3 socketcall ipc
"""
RULES = json.loads(seccomp.profile())["syscalls"]
FREE = {name for rule in RULES if rule["action"] == "SCMP_ACT_ALLOW" and not rule["args"] for name in rule["names"]}


def answers(name: str, *arguments: int) -> bool:
    """Whether the call is let in."""
    return any(
        name in rule["names"] and all(holds(one, arguments[one["index"]]) for one in rule["args"])
        for rule in RULES
        if rule["action"] == "SCMP_ACT_ALLOW"
    )


def holds(condition: dict[str, int | str], given: int) -> bool:
    value = condition["value"]
    assert isinstance(value, int)
    return given & value == condition["valueTwo"] if condition["op"] == "SCMP_CMP_MASKED_EQ" else given == value


def test_what_is_not_named_is_refused() -> None:
    whole = json.loads(seccomp.profile())
    assert whole["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {rule["action"] for rule in RULES} == {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"}
    assert "architectures" not in whole, "the machine's own, whichever that is"


@pytest.mark.parametrize("name", REFUSED.split())
def test_no_rule_lets_it_in(name: str) -> None:
    assert not answers(name, 0, 0, 0)


def test_no_call_is_free_and_conditional() -> None:
    """A rule without a condition would make every other one for the same call void."""
    names = sorted(name for rule in RULES for name in rule["names"] if name in FREE)
    assert all(one != next_ for one, next_ in pairwise(names))
    assert FREE.isdisjoint({"socket", "socketpair", "clone", "ioctl", "personality"})


def test_sockets_are_of_four_families() -> None:
    tried = (*range(64), *(family + (1 << 32) for family in range(64)))
    assert [family for family in tried if answers("socket", family)] == [1, 2, 10, 16]
    assert [family for family in tried if answers("socketpair", family)] == [1]


def test_nobody_takes_a_file_out_of_its_project() -> None:
    """Whatever the bits are that the kernel does not read, and whatever size a call of 32 bits names."""
    set_flags, set_flags_32, set_attributes = 0x40086602, 0x40046602, 0x401C5820
    for call in (set_flags, set_flags_32, set_attributes):
        for number in (call, call | 1 << 32, call | 1 << 63):
            assert not answers("ioctl", 3, number)
    low = {number & 0xFFFF for number in range(1 << 16) if not answers("ioctl", 3, 0x40000000 | number)}
    assert low == {0x6602, 0x5820}, "get, terminals and whatever else is open"


def test_processes_and_threads_are_made_in_the_same_namespaces() -> None:
    fork, thread = 0x1200011, 0x3D0F00
    assert answers("clone", fork)
    assert answers("clone", thread)
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert not answers("clone", fork | namespace)


def test_who_tries_io_uring_is_told_that_there_is_none() -> None:
    told = {name: rule["errnoRet"] for rule in RULES if rule["action"] == "SCMP_ACT_ERRNO" for name in rule["names"]}
    assert told == dict.fromkeys(("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"), 38)


@pytest.mark.parametrize(
    "name", ["ptrace", "process_vm_readv", "execve", "mmap", "futex", "openat", "statx", "seccomp"]
)
def test_what_notebooks_and_their_debuggers_need_is_let_in(name: str) -> None:
    assert answers(name)
