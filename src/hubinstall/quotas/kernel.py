"""The kernel's project quotas, for ext4 and xfs alike: quotactl_fd(2), and ioctl_fsxattr (linux/fs.h).

A file belongs to a project; a folder with the mark "inherited" gives its own to what is made in it. A limit belongs to
a project, too.
"""

import ctypes
import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from typing import Any

QUOTACTL_FD = 443
"""The number of the call, one on all architectures; Linux 5.14."""
PROJECTS = 2
"""Quotas of users and groups are 0 and 1 (linux/quota.h)."""
GET, SET, STATE = 0x800007, 0x800008, 0x5805
"""Q_GETQUOTA, Q_SETQUOTA and Q_XGETQSTAT, which ext4 answers as well."""
COUNTED, ENFORCED = 0x10, 0x20
"""FS_QUOTA_PDQ_ACCT and FS_QUOTA_PDQ_ENFD (linux/dqblk_xfs.h)."""
LIMITS = struct.Struct("8QI4x")
"""struct if_dqblk: hard and soft limit in KB, bytes used; the same of inodes; two times; which of them count."""
VALID_LIMITS = 0x1 | 0x4
KB = 1024
GET_ATTRIBUTES, SET_ATTRIBUTES = 0x801C581F, 0x401C5820
ATTRIBUTES = struct.Struct("5I8x")
"""struct fsxattr: flags, two sizes, the project, one more size."""
INHERITED = 0x200

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Usage:
    """Of one project. A limit of 0 is none; bytes, and files with folders."""

    used: int
    limit: int
    files: int
    most_files: int


def state(file: int) -> int:
    """COUNTED and ENFORCED, for the file system on which `file` is open; 0: neither, or there is no such thing."""
    answer = ctypes.create_string_buffer(128)
    try:
        _call(file, STATE, 0, answer)
    except OSError as error:
        if error.errno in {errno.ENOSYS, errno.ESRCH, errno.EINVAL}:
            return 0
        raise
    return int.from_bytes(answer.raw[2:4], "little") & (COUNTED | ENFORCED)


def usage(file: int, project: int) -> Usage:
    """:raises OSError: there are no quotas."""
    answer = ctypes.create_string_buffer(LIMITS.size)
    try:
        _call(file, GET, project, answer)
    except OSError as error:
        if error.errno != errno.ENOENT:  # xfs: nothing was counted for it so far
            raise
        return Usage(0, 0, 0, 0)
    limit, _, used, most_files, _, files, *_ = LIMITS.unpack(answer.raw)
    return Usage(used, limit * KB, files, most_files)


def limit(file: int, project: int, size: int, files: int) -> None:
    """`size` in bytes; 0 ends a limit. What is used already may be more: then only the next write fails."""
    _call(file, SET, project, LIMITS.pack(-(-size // KB), 0, 0, files, 0, 0, 0, 0, VALID_LIMITS))


def project(file: int) -> tuple[int, bool]:
    """The project of what is open as `file`, and whether it is inherited. (0, False) where nothing has a project."""
    try:
        flags, _, _, number, _ = ATTRIBUTES.unpack(fcntl.ioctl(file, GET_ATTRIBUTES, bytes(ATTRIBUTES.size)))
    except OSError as error:
        if error.errno in {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL}:
            return 0, False
        raise
    return number, bool(flags & INHERITED)


def give(file: int, number: int, *, inherited: bool) -> None:
    """Give what is open as `file` to a project; does nothing if it has it."""
    if project(file) == (number, inherited):
        return
    flags, *sizes, _, last = ATTRIBUTES.unpack(fcntl.ioctl(file, GET_ATTRIBUTES, bytes(ATTRIBUTES.size)))
    flags = flags | INHERITED if inherited else flags & ~INHERITED
    fcntl.ioctl(file, SET_ATTRIBUTES, ATTRIBUTES.pack(flags, *sizes, number, last))


def _call(file: int, command: int, project: int, data: Any) -> None:
    command = command << 8 | PROJECTS
    if _libc.syscall(QUOTACTL_FD, file, ctypes.c_uint(command), ctypes.c_uint(project), data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
