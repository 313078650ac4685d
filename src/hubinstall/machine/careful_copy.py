"""Copy files out of, and into, folders that people change meanwhile, with root's rights.

No path is followed: each folder is opened below the one before it, and no link is (open(2), O_NOFOLLOW). What is copied
is what was opened. A file with a second name may be somebody else's, and is left out.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
DEEPEST = 30
"""Folders in folders."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """A file to copy. `path`: below the folder; `size` in bytes; `changed`: in seconds since the epoch, which its owner
    cannot set (stat(2), st_ctime).
    """

    path: str
    uid: int
    size: int
    changed: float


@dataclass(frozen=True)
class Left:
    """What is not copied, and why, in words."""

    path: str
    uid: int
    why: str


def opened(path: str) -> int:
    """A folder by its absolute path, in which no part may be a link. Raises OSError."""
    folder = os.open("/", FOLDER)
    try:
        return below(folder, PurePosixPath(path).parts[1:])
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Modes:
    """Of what is made. `gid`: of the group that gets them; -1: group and rights follow from the folder around it (its
    setgid bit and default access list), and the modes are the most.
    """

    folders: int
    files: int
    gid: int = -1

    def give(self, file: int, mode: int) -> None:
        if self.gid >= 0:
            os.fchown(file, -1, self.gid)
            os.fchmod(file, mode)


def below(root: int, parts: tuple[str, ...], make: Modes | None = None) -> int:
    """A folder below an open one. `make`: what is missing is made, too. Raises OSError."""
    folder = os.dup(root)
    for part in parts:
        above = folder
        try:
            new = make is not None and made(part, above, make.folders)
            folder = os.open(part, FOLDER, dir_fd=above)
            if new and make:
                make.give(folder, make.folders)
        finally:
            os.close(above)
    return folder


def made(name: str, above: int, mode: int) -> bool:
    """Whether there was no such folder."""
    try:
        os.mkdir(name, mode, dir_fd=above)
    except FileExistsError:
        return False
    return True


def files(root: int, at: tuple[str, ...] = ()) -> Iterator[Found | Left]:
    """All files below an open folder, in the order of their names."""
    try:
        folder = below(root, at)
    except OSError as error:
        yield Left("/".join(at), -1, error.strerror or str(error))
        return
    try:
        for name in sorted(os.listdir(folder)):
            path = (*at, name)
            try:
                seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue  # it has gone
            if stat.S_ISDIR(seen.st_mode) and len(path) <= DEEPEST:
                yield from files(root, path)
            elif why := trouble(seen):
                yield Left("/".join(path), seen.st_uid, why)
            else:
                yield Found("/".join(path), seen.st_uid, seen.st_size, seen.st_ctime)
    finally:
        os.close(folder)


def trouble(seen: os.stat_result) -> str:
    """Why this is not copied; empty if it is."""
    if stat.S_ISLNK(seen.st_mode):
        return "is a link"
    if stat.S_ISDIR(seen.st_mode):
        return "is too deep"
    if not stat.S_ISREG(seen.st_mode):
        return "is not a file"
    return "has a second name (a hard link)" if seen.st_nlink > 1 else ""


def copy(source: int, found: Found, target: int, to: str, modes: Modes) -> str:
    """Copy a file from one open folder to the path `to` below another; return why not, or "". What stands there is
    replaced at once, also a link. Raises OSError where a disk or a quota is full.
    """
    *above, name = PurePosixPath(to).parts
    try:
        with contextlib.ExitStack() as stack:
            place = below(target, tuple(above), modes)
            stack.callback(os.close, place)
            reading = reopened(source, found.path)
            stack.callback(os.close, reading)
            if why := other(reading, found):
                return why
            new = f".{name[:200]}.hubinstall-new"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=place)
            writing = os.open(new, NEW, modes.files, dir_fd=place)
            stack.callback(os.close, writing)
            for chunk in chunks(reading, found.size):
                write(writing, chunk)
            modes.give(writing, modes.files)
            os.rename(new, name, src_dir_fd=place, dst_dir_fd=place)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        return error.strerror or str(error)
    return ""


def other(file: int, found: Found) -> str:
    """Why what is open is not what was found; empty if it is."""
    seen = os.fstat(file)
    if why := trouble(seen):
        return why
    return "has changed meanwhile" if seen.st_uid != found.uid or seen.st_size > found.size else ""


def same(one: int, path: str, other: int, to: str) -> bool:
    """Whether two files have the same content; not if one is missing."""
    with contextlib.ExitStack() as stack:
        try:
            pair = [reopened(root, name) for root, name in ((one, path), (other, to))]
        except OSError:
            return False
        for file in pair:
            stack.callback(os.close, file)
        sizes = [os.fstat(file).st_size for file in pair]
        return sizes[0] == sizes[1] and all(
            left == right for left, right in zip(*(chunks(file, sizes[0]) for file in pair), strict=False)
        )


def reopened(root: int, path: str) -> int:
    *above, name = PurePosixPath(path).parts
    folder = below(root, tuple(above))
    try:
        return os.open(name, FILE, dir_fd=folder)
    finally:
        os.close(folder)


def chunks(file: int, most: int) -> Iterator[bytes]:
    """At most so many bytes of it."""
    while most > 0 and (chunk := os.read(file, min(CHUNK, most))):
        most -= len(chunk)
        yield chunk


def write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
