"""What comes into a group's share, the group can change, and what comes into a drop-box, only its readers can read,
whatever mode it came with.

A share's setgid bit and its default access list do this for what is made there. What is moved or copied with its modes
(mv, cp -p, rsync -a, unzip) keeps them, and often the sender's own group, and such a mode limits access lists too
(acl(5), "mask"). So inotify(7) tells of each new name and each changed mode, and what the owner may do is then given to
the group as well; in a drop-box what the owner may read, and nothing to all others.

It runs as root in folders that people change meanwhile. So no path is followed: each name is opened below the folder
before it (O_NOFOLLOW), and changed is what was opened.

usage: keep-shares-open.py FOLDER UID_MIN SHARE=GROUP[=drop-box]...
"""

import ctypes
import errno
import grp
import os
import select
import stat
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

IN_ATTRIB, IN_MOVED_TO, IN_CREATE = 0x4, 0x80, 0x100
IN_Q_OVERFLOW, IN_IGNORED, IN_ONLYDIR = 0x4000, 0x8000, 0x1000000
EVENT = struct.Struct("iIII")
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NAME = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
AGAIN = 60.0
"""Seconds until all is looked through again, if there are more folders than the kernel watches."""
SETTLED = 0.05
"""Seconds until something new is looked at: a program that sets modes one after the other has done so by then, and none
is lost between our look and our change."""
EVERY = 10.0
"""Seconds between two looks for shares and groups that are not there yet, or are new folders."""
PROTECTED = Path("/proc/sys/fs/protected_hardlinks")


def open_to(file: int, gid: int, uid_min: int, drop_box: bool = False) -> None:
    """Let the group change what is open as `file`, or read it, and nobody else, in a drop-box. Of a file with a second
    name nobody knows whose secret it is, or who needs it.
    """
    there = os.fstat(file)
    folder = stat.S_ISDIR(there.st_mode)
    if not folder and not (stat.S_ISREG(there.st_mode) and there.st_nlink == 1 and is_theirs(there.st_uid, uid_min)):
        return
    have = stat.S_IMODE(there.st_mode)
    mode = have | (have & 0o700) >> 3 | (stat.S_ISGID if folder else 0)
    if drop_box:
        mode &= ~0o027
    if there.st_gid == gid and have == mode:
        return
    path = f"/proc/self/fd/{file}"
    if there.st_gid != gid:
        os.chown(path, -1, gid)
        # A program does not get the rights of another group by this.
        mode &= ~stat.S_ISUID & (~0 if folder else ~stat.S_ISGID)
    os.chmod(path, mode)


def is_theirs(uid: int, uid_min: int) -> bool:
    """Whether its owner has brought it here. Where the kernel lets people link files of others, one of root's may have
    been linked into the share, and have lost its other name since (proc(5), protected_hardlinks).
    """
    return uid >= uid_min or PROTECTED.read_text() != "0\n"


class Share:
    """One share, with the folders in it that are watched: number of the watch and path within the share."""

    def __init__(self, inotify: "Inotify", root: str, group: str, uid_min: int, drop_box: bool) -> None:
        self.inotify, self.root, self.group, self.uid_min = inotify, root, group, uid_min
        self.drop_box = drop_box
        self.inode = 0
        self.gid = -1

    def appear(self) -> None:
        """Look through the share if it, or its group, was not there before."""
        try:
            inode, gid = os.stat(self.root, follow_symlinks=False).st_ino, grp.getgrnam(self.group).gr_gid
        except (OSError, KeyError):
            self.inode = 0
            return
        if (inode, gid) != (self.inode, self.gid):
            self.inode, self.gid = inode, gid
            self.look_through("")

    def look_through(self, path: str) -> None:
        """Watch the folder and all below, and open them to the group. Watched first: what comes meanwhile is seen."""
        below = [path]
        while below:
            path = below.pop()
            try:
                folder = self.folder(path)
            except OSError:
                continue
            try:
                self.inotify.watch(folder, self, path)
                names = os.listdir(folder)
                below += [os.path.join(path, name) for name in names if self.open_name(folder, name)]
            except OSError:
                continue  # it has gone
            finally:
                os.close(folder)

    def folder(self, path: str) -> int:
        """Open a folder of the share, name by name."""
        folder = os.open(self.root, FOLDER)
        for name in filter(None, path.split("/")):
            above = folder
            try:
                folder = os.open(name, FOLDER, dir_fd=above)
            finally:
                os.close(above)
        return folder

    def open_name(self, folder: int, name: str) -> bool:
        """Open what bears this name to the group; whether it is a folder."""
        try:
            file = os.open(name, NAME, dir_fd=folder)
        except OSError:
            return False
        try:
            open_to(file, self.gid, self.uid_min, self.drop_box)
            return stat.S_ISDIR(os.fstat(file).st_mode)
        except OSError as error:
            print(f"{self.root}: {name}: {error.strerror}", file=sys.stderr, flush=True)
            return False
        finally:
            os.close(file)

    def changed(self, path: str, mask: int, name: str) -> None:
        try:
            folder = self.folder(path)
        except OSError:
            return
        try:
            is_folder = self.open_name(folder, name)
        finally:
            os.close(folder)
        if is_folder and mask & (IN_CREATE | IN_MOVED_TO):
            self.look_through(os.path.join(path, name))


class Inotify:
    """inotify(7), which Python's library does not have."""

    def __init__(self) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.file = self.libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.file < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self.watched: dict[int, tuple[Share, str]] = {}
        self.full = False

    def watch(self, folder: int, share: Share, path: str) -> None:
        """A folder that is watched already keeps its number, and has a new path if it was moved."""
        mask = IN_ATTRIB | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR
        number = self.libc.inotify_add_watch(self.file, f"/proc/self/fd/{folder}".encode(), mask)
        if number >= 0:
            self.watched[number] = share, path
        elif ctypes.get_errno() == errno.ENOSPC and not self.full:
            self.full = True
            print(
                f"more folders than can be watched: all are looked through every {AGAIN:.0f} s;"
                " raise fs.inotify.max_user_watches (sysctl)", file=sys.stderr, flush=True,
            )  # fmt: skip

    def events(self, seconds: float) -> Iterator[tuple[int, int, str]]:
        """What happens within so many seconds: the number of the watch, what it was, and the name."""
        if not select.select([self.file], [], [], seconds)[0]:
            return
        time.sleep(SETTLED)
        data, at = os.read(self.file, 1 << 16), 0
        while at < len(data):
            number, mask, _, length = EVENT.unpack_from(data, at)
            at += EVENT.size + length
            yield number, mask, os.fsdecode(data[at - length : at].rstrip(b"\0"))


def handle(inotify: Inotify, kept: list[Share], number: int, mask: int, name: str) -> None:
    if mask & IN_Q_OVERFLOW:
        for share in kept:
            share.look_through("")
    elif mask & IN_IGNORED:
        inotify.watched.pop(number, None)
    elif name and number in inotify.watched:
        share, path = inotify.watched[number]
        share.changed(path, mask, name)


def main(folder: str, uid_min: str, *shares: str) -> None:
    inotify = Inotify()
    kept = [
        Share(inotify, os.path.join(folder, name), group, int(uid_min), drop_box=bool(kind))
        for name, group, *kind in (share.split("=") for share in shares)
    ]
    looked, through = -EVERY, time.monotonic()
    while True:
        now = time.monotonic()
        if now - looked >= EVERY:
            looked = now
            for share in kept:
                share.appear()
        if inotify.full and now - through >= AGAIN:
            through = now
            for share in kept:
                share.look_through("")
        for number, mask, name in inotify.events(EVERY):
            handle(inotify, kept, number, mask, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
