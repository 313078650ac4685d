"""Mounted file systems, and whether those that another machine or a program serves answer at all."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from hubinstall.errors import StalledError
from hubinstall.machine.answering import PATIENCE, each
from hubinstall.machine.host import Host

Answer = TypeVar("Answer")

OF_THE_KERNEL = frozenset({
    "bcachefs", "btrfs", "devtmpfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "proc", "ramfs", "rootfs",
    "squashfs", "sysfs", "tmpfs", "vfat", "xfs", "zfs",
})  # fmt: skip
"""Kinds of file systems that wait for nobody but a disk."""


def table(host: Host) -> dict[str, tuple[str, list[str]]]:
    """Mount point → file system type and mount options (proc(5), mountinfo); the topmost mount counts."""
    found = {}
    for line in host.text("/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        found[point] = (fields[fields.index("-") + 1], fields[5].split(","))
    return found


def is_own(host: Host, place: str) -> bool:
    """Whether the file system of this place is a disk of this machine that can be written to."""
    here = host.once("mounts", lambda: table(host))
    kind, options = here.get(_point(here, place), ("rootfs", ["rw"]))
    return kind in OF_THE_KERNEL and "ro" not in options


def ask(host: Host, places: Iterable[str], question: Callable[[str], Answer]) -> dict[str, Answer | OSError]:
    """What `question` says of each place, in order, or the error that it raised: TimeoutError if there is no answer.

    Who asks a program that serves a file system (FUSE) and gets no answer may wait in the kernel for good, where no
    signal reaches it, and keeps its process from ending. So another process asks first, and is left behind.
    """
    here, wanted = host.once("mounts", lambda: table(host)), list(dict.fromkeys(places))
    silent = {place for place in wanted if not _answers(host, here, _point(here, place))}
    found = each([place for place in wanted if place not in silent], question)
    return {place: TimeoutError("it does not answer") if place in silent else found[place] for place in wanted}


def _point(here: dict[str, tuple[str, list[str]]], place: str) -> str:
    """Where the file system is mounted that has this place."""
    while place not in here and place != "/":
        place = place.rpartition("/")[0] or "/"
    return place


def _answers(host: Host, here: dict[str, tuple[str, list[str]]], point: str) -> bool:
    kind, _ = here.get(point, ("rootfs", []))
    if kind in OF_THE_KERNEL:
        return True
    if point in host.silent:
        return False
    try:
        host.once(f"statfs {point}", lambda: host.query(["stat", "-f", "--", point], check=False, stall=PATIENCE))
    except StalledError:
        host.silent.add(point)
        return False
    return True
