"""Free space on the machine's disks."""

import os
from functools import partial

from hubinstall import layout
from hubinstall.machine import mounts
from hubinstall.machine.docker import engine
from hubinstall.machine.host import Host

GIB, MIB = 1 << 30, 1 << 20
LITTLE, NEXT_TO_NOTHING = 0.10, 0.02
"""Shares of a disk, or of its inodes."""

Row = tuple[str, str, str, str]


def disks(host: Host) -> list[Row]:
    """Name, state, message and hint of each disk that an installation uses, once each."""
    root = str(engine(host).info.get("DockerRootDir", layout.STATE))
    rows: dict[int, Row] = {}
    found = mounts.ask(host, ("/", layout.HOMES, layout.STATE, root, layout.SHARED_DATA), partial(_device, host))
    for number, (path, there) in enumerate(found.items()):
        if isinstance(there, OSError):
            words = there.strerror or str(there)
            rows[-number] = (f"disk {path}", "failed", f"it cannot be read: {words}", "See that its server answers.")
        elif there:
            rows.setdefault(there[0], disk(path, there[1]))
    return list(rows.values())


def _device(host: Host, path: str) -> tuple[int, os.statvfs_result] | None:
    place = host.path(path)
    try:
        return place.stat().st_dev, os.statvfs(place)
    except FileNotFoundError:
        return None


def disk(path: str, found: os.statvfs_result) -> Row:
    """What is left for everyone except root, in bytes and inodes."""
    size, free = found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
    shares = [free / size if size else 1.0, found.f_favail / found.f_files if found.f_files else 1.0]
    state = "ok"
    if shares[0] < LITTLE or free < GIB or shares[1] < LITTLE:
        state = "warning"
    if min(shares) < NEXT_TO_NOTHING or free < GIB // 4:
        state = "failed"
    message = f"{amount(free)} of {amount(size)} free"
    if shares[1] < LITTLE:
        message += f", {found.f_favail} inodes (files) free"
    return f"disk {path}", state, message, "Free some space: on a full disk people cannot save their work."


def amount(size: int) -> str:
    """`size`: bytes."""
    if size < GIB:
        return f"{size / MIB:.0f} MB"
    return f"{size / GIB:.1f} GB" if size < 100 * GIB else f"{size / GIB:.0f} GB"
