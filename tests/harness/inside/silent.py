"""Runs as root on a machine: mounts a file system that answers nothing over a directory, as a file server that is away.

usage: silent.py DIRECTORY [read]

With `read` it takes each question and does not answer it: who asked waits in the kernel and cannot be killed. Without
it, who asked can be. The end of this program ends both.
"""

import ctypes
import os
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
ASKED = struct.Struct("<IIQQIIII")
"""fuse(4), struct fuse_in_header: length, operation, number, node, uid, gid, pid, padding."""
INIT = 26
VERSION = 7, 31
ANSWER = struct.Struct("<IiQ IIII HHII HHI 28x")
"""struct fuse_out_header and fuse_init_out."""


def mount(directory: str) -> int:
    """Return the kernel's side of it."""
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={fuse},rootmode=40700,user_id=0,group_id=0,allow_other"
    if LIBC.mount(b"away", directory.encode(), b"fuse.away", 0, options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {directory}")
    return fuse


def greet(fuse: int) -> None:
    """Without an answer to its first question the kernel would ask nothing."""
    asked = os.read(fuse, 1 << 17)
    _, operation, number, *_ = ASKED.unpack_from(asked)
    assert operation == INIT, operation
    os.write(fuse, ANSWER.pack(ANSWER.size, 0, number, *VERSION, 0, 0, 12, 9, 4096, 1, 1, 0, 0))


def main(directory: str, *read: str) -> None:
    fuse = mount(directory)
    greet(fuse)
    print("away", flush=True)
    while True:
        if read:
            os.read(fuse, 1 << 17)
        else:
            sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
