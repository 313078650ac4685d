"""A home and all that is in it become a project, whose number is the owner's UID, and the project gets the limit.

It runs as root in folders that people change meanwhile. So no path is followed: each name is opened below the folder
before it (O_NOFOLLOW), and changed is what was opened.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hubinstall.quotas import kernel, policy

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class SkippedError(Exception):
    """Why a home has no quota, in words that follow its owner's name."""


@contextmanager
def opened(above: str, home: str, uid: int) -> Iterator[int]:
    """The home, opened. `above`: the folder of all homes (/home).

    :raises SkippedError: it is not a person's own folder there.
    """
    if mounted(home):  # a file server's may be away: nothing there is touched
        raise SkippedError(f"the home {home} is on another file system than {above}")
    names = home.removeprefix(f"{above}/").split("/")
    if not home.startswith(f"{above}/") or {"", ".", ".."} & set(names):
        raise SkippedError(f"the home {home} is not below {above}")
    folder = os.open(above, FOLDER)
    try:
        device = os.fstat(folder).st_dev
        for name in names:
            within = folder
            folder = _below(within, name, home)
            os.close(within)
        there = os.fstat(folder)
        if there.st_dev != device:
            raise SkippedError(f"the home {home} is on another file system than {above}")
        if there.st_uid != uid:
            raise SkippedError(f"the home {home} belongs to the number {there.st_uid}")
        if kernel.project(folder)[0] not in {0, uid}:
            raise SkippedError(f"the home {home} has another project already, {kernel.project(folder)[0]}")
        yield folder
    finally:
        os.close(folder)


def mounted(home: str) -> bool:
    """Whether something is mounted at the home (proc(5), mountinfo)."""
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return any(line.split(" ")[4] == home for line in lines)


def _below(folder: int, name: str, home: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        raise SkippedError(f"there is no {home}") from None
    except OSError as error:
        link = error.errno in {errno.ELOOP, errno.ENOTDIR}
        why = "is a link" if link else f"cannot be opened ({error.strerror})"
        raise SkippedError(f"the home {home} {why}") from None


def set_limit(home: int, uid: int, size: int) -> None:
    """Make the open home a project with this limit, in bytes. From now on what is new in it belongs to the project; for
    what is in it already there is `gather`.
    """
    if size:
        kernel.give(home, uid, inherited=True)
    found = kernel.usage(home, uid)
    files = policy.most_files(size)
    if (found.limit, found.most_files) != (-(-size // kernel.KB) * kernel.KB, files):
        kernel.limit(home, uid, size, files)


def end_limit(home: int, uid: int) -> None:
    """Nothing in the open home belongs to its project any more, and the project has no limit."""
    if kernel.project(home)[0] == uid:
        kernel.limit(home, uid, 0, 0)
        kernel.give(home, 0, inherited=False)
        for _ in gather(os.dup(home), 0, back=uid):
            pass


def gather(home: int, project: int, *, back: int = 0) -> Iterator[None]:
    """Give all below the open home to the project, and yield after each name. With `project` 0, what belongs to `back`
    belongs to none again. Closes `home`, also if it is not taken to its end.

    :raises OSError: something could not be read now, such as a folder below more others than files can be open.
    """
    device = os.fstat(home).st_dev
    below = [(home, _names(home))]
    try:
        while below:
            folder, names = below[-1]
            if not names:
                os.close(below.pop()[0])
                continue
            with suppress(FileNotFoundError):
                file = os.open(names.pop(), FILE, dir_fd=folder)
                below.append((file, []))  # so that it is closed, whatever happens
                if _give(file, project, back, device):
                    below[-1] = (file, _names(file))
            yield
    finally:
        for folder, _ in below:
            os.close(folder)


def _names(folder: int) -> list[str]:
    """Of what has contents: files and folders. (A device would be more than opened.)"""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if _is_wanted(entry)]


def _is_wanted(entry: "os.DirEntry[str]") -> bool:
    with suppress(FileNotFoundError):
        return entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
    return False


def _give(file: int, project: int, back: int, device: int) -> bool:
    """Whether it is a folder to go into."""
    there = os.fstat(file)
    is_folder = stat.S_ISDIR(there.st_mode)
    if there.st_dev != device or not (is_folder or stat.S_ISREG(there.st_mode)):
        return False
    if project or kernel.project(file)[0] == back:
        kernel.give(file, project, inherited=is_folder and project != 0)
    return is_folder
