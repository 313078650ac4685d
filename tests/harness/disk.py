"""A file system for machines inside one file. Its copies share blocks, so a machine starts from a snapshot in a second.

On overlay or tmpfs Docker's overlay2 would not work at all, and on ext4 each copy of a root takes ten seconds.
"""

import shutil
from pathlib import Path

from harness.commands import execute

GIBIBYTE = 1 << 30
# Sparse: it uses only the space of its content.
SIZE = 60 * GIBIBYTE
SHARES_BLOCKS = {"xfs", "btrfs"}
NOT_FOR_DOCKER = {"overlayfs", "tmpfs", "ramfs"}


class UnfitError(RuntimeError):
    """There can be no machines in this directory; says why and what to do."""


def for_machines(folder: Path) -> Path:
    """`folder` itself if that is best, else a file system mounted below it, else, with less speed, `folder`.

    :raises UnfitError: no file system can be mounted here (as in many containers), and the one of `folder` is unfit.
    """
    if _kind(folder) in SHARES_BLOCKS:
        return folder
    below = folder / "disk"
    below.mkdir(exist_ok=True)
    if below.is_mount() or _mount(folder / "disk.img", below):
        return below
    if _kind(folder) in NOT_FOR_DOCKER:
        raise UnfitError(f"no Docker on {folder} ({_kind(folder)}); set HUBINSTALL_TEST_STORE to a disk")
    return folder


def _mount(image: Path, target: Path) -> bool:
    if not image.exists():
        if not shutil.which("mkfs.xfs"):
            return False
        unfinished = image.with_suffix(".new")
        with unfinished.open("wb") as file:
            file.truncate(SIZE)
        execute(["mkfs.xfs", "-q", "-f", "-m", "reflink=1", str(unfinished)])
        unfinished.rename(image)
    # Return the space of removed machines to the disk below; otherwise the file would grow to its full size.
    return execute(["mount", "-o", "loop,discard", str(image), str(target)], check=False).code == 0


def _kind(folder: Path) -> str:
    return execute(["stat", "-f", "-c", "%T", str(folder)]).out.strip()
