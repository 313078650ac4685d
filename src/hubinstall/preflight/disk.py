"""What prevents writing where an installation writes: read-only, no space, no inodes.

Only the standard library: bootstrap.py calls this too.
"""

import os
from collections.abc import Iterator

from hubinstall import layout
from hubinstall.machine.host import Host

GB = 10**9
DOCKER_DATA = "/var/lib/docker"
SPACE = {DOCKER_DATA: 2 * GB, "/var": 2 * GB, "/opt": 1 * GB}
"""Bytes that a first installation needs in each place; measured: at most 3.5 GB, while the image is built."""
SPACE_LATER = {"/var": 500 * 10**6, "/opt": 200 * 10**6, layout.STATE: 10 * 10**6, "/etc": 10**6}
FILES = {DOCKER_DATA: 75_000, "/var": 50_000, "/opt": 25_000}
"""Inodes; measured, with the image's root file system and Docker's copy of it."""
FILES_LATER = {"/var": 2_000, "/opt": 1_000, layout.STATE: 100, "/etc": 20}
WRITTEN = ("/etc", "/opt", "/var", layout.STATE)
BY_THE_KERNEL = "If the kernel made it read-only (`dmesg` shows disk errors), repair the disk first."
Words = tuple[str, str]
"""What is wrong, and what to do."""


def problems(host: Host) -> Iterator[Words]:
    """Directories on one file system share its free space. What an earlier run built needs no space again."""
    later = host.exists(layout.LEDGER)
    if closed := [folder for folder in WRITTEN if read_only(host, nearest(host, folder))]:
        yield (
            f"mounted read-only: {', '.join(closed)}",
            f"Make each of them writable: `mount -o remount,rw {closed[0]}`. {BY_THE_KERNEL}",
        )
    for folder, size in per_disk(host, SPACE_LATER if later else SPACE):
        if (free := free_space(host, folder)) < size:
            yield (
                f"{folder} has {amount(free)} of free space; {amount(size)} is needed",
                f"Free some space (`du -xh --max-depth=2 {folder} | sort -h` shows what is large), or add a disk.",
            )
    for folder, number in per_disk(host, FILES_LATER if later else FILES):
        if (left := free_files(host, folder)) < number:
            yield (
                f"{folder} has {left} free inodes (files); {number} are needed",
                f"Remove files there (`du -x --inodes --max-depth=3 {folder} | sort -n` shows where many are).",
            )


def amount(size: int) -> str:
    return f"{size / GB:.1f} GB" if size >= GB // 10 else f"{size / 10**6:.0f} MB"


def per_disk(host: Host, needs: dict[str, int]) -> list[tuple[str, int]]:
    """For each disk, the first of the directories on it, and what all of them need together."""
    sums: dict[int, tuple[str, int]] = {}
    for folder, amount in needs.items():
        there = nearest(host, folder)
        device = os.stat(host.path(there)).st_dev
        first, so_far = sums.get(device, (there, 0))
        sums[device] = (first, so_far + amount)
    return list(sums.values())


def nearest(host: Host, folder: str) -> str:
    """The directory, or the nearest one above it that exists."""
    while folder != "/" and not host.path(folder).is_dir():
        folder = os.path.dirname(folder)
    return folder


def free_space(host: Host, folder: str) -> int:
    there = os.statvfs(host.path(folder))
    return there.f_bavail * there.f_frsize


def free_files(host: Host, folder: str) -> int:
    """Where inodes are not limited (btrfs says 0 of 0) there are always enough."""
    there = os.statvfs(host.path(folder))
    return there.f_favail if there.f_files else 1 << 62


def read_only(host: Host, folder: str) -> bool:
    return bool(os.statvfs(host.path(folder)).f_flag & os.ST_RDONLY)
