"""Tries, with the rights of whoever runs it, to take a folder out of its project: prints each call's error, or OK.

usage: projects.py FOLDER
"""

import ctypes
import errno
import os
import struct
import sys

GET, SET, SET_FLAGS, SET_FLAGS_32 = 0x801C581F, 0x401C5820, 0x40086602, 0x40046602
"""FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS and its name for 32 bits (linux/fs.h)."""
ATTRIBUTES = struct.Struct("5I8x")
WIDE = 1 << 32
"""The kernel does not read such bits of a call's number."""
libc = ctypes.CDLL(None, use_errno=True)


def call(file: int, number: int, data: bytes) -> str:
    if libc.syscall(16, file, ctypes.c_uint64(number), data) == 0:
        return "OK"
    return errno.errorcode[ctypes.get_errno()]


folder = os.open(sys.argv[1], os.O_RDONLY)
told = ctypes.create_string_buffer(ATTRIBUTES.size)
libc.syscall(16, folder, ctypes.c_uint64(GET), told)
flags, *sizes, project, last = ATTRIBUTES.unpack(told.raw)
none = ATTRIBUTES.pack(flags & ~0x200, *sizes, 0, last)
print(
    f"project {project}:",
    call(folder, SET, none), call(folder, SET | WIDE, none),
    call(folder, SET_FLAGS, bytes(8)), call(folder, SET_FLAGS | WIDE, bytes(8)), call(folder, SET_FLAGS_32, bytes(8)),
)  # fmt: skip
