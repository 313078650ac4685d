"""A file system for machines inside one file, whose copies share blocks: a machine from a snapshot in a second.

Elsewhere (overlay, tmpfs) Docker's overlay2 would not run at all, and on ext4 each copy of a root takes ten seconds.
"""

import shutil
from pathlib import Path

from harness.commands import execute

GIBIBYTE = 1 << 30
# Sparse: it takes what is in it.
SIZE = 60 * GIBIBYTE
SHARES_BLOCKS = {"xfs", "btrfs"}
NOT_FOR_DOCKER = {"overlayfs", "tmpfs", "ramfs"}


class UnfitError(RuntimeError):
    """Machines cannot lie there; says why and what to do."""


def for_machines(folder: Path) -> Path:
    """`folder` itself where that is best, else a file system mounted below it, else, slower, `folder`.

    :raises UnfitError: no file system can be mounted here (as in many containers), and the folder's own will not do.
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
    # What machines leave goes back to the disk below; else the file grows to its full size over a run.
    return execute(["mount", "-o", "loop,discard", str(image), str(target)], check=False).code == 0


def _kind(folder: Path) -> str:
    return execute(["stat", "-f", "-c", "%T", str(folder)]).out.strip()
