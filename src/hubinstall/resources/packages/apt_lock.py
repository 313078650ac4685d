"""Who holds a lock of apt's or dpkg's. Looked at before apt is started, and waited for here rather than there.

apt itself waits without a word, for the lists not at all; and an apt that waits for its turn would outlive a killed
run of ours, and take its turn later.
"""

import fcntl
import os
import struct
import time

from hubinstall.errors import UserError
from hubinstall.machine.host import Host

LOCKS = (
    "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
)  # fmt: skip
PATIENCE = 300.0
"""Seconds. Unattended upgrades may take their time."""
EVERY = 0.5
"""Seconds between two looks."""
FLOCK = "hhqqi4x"
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, pid."""


def free(host: Host) -> None:
    """Return when apt's locks are free. While another holds one, say who; raise UserError when it takes too long."""
    named, deadline = "", time.monotonic() + PATIENCE
    while words := holder(host):
        if time.monotonic() > deadline:
            raise UserError(
                f"{words} has held a lock of apt's for {PATIENCE / 60:.0f} minutes",
                "Wait for it to end, or end it if nobody needs it, then run again.",
            )
        if words != named:
            host.say(f"waiting for {words}, which holds a lock of apt's")
        named = words
        time.sleep(EVERY)


def holder(host: Host) -> str:
    """The process that holds one of the locks: its number and its command. Empty when all are free."""
    for path in LOCKS:
        if (pid := locked_by(str(host.path(path)))) is not None:
            command = " ".join(host.text(f"/proc/{pid}/cmdline").replace("\0", " ").split()) if pid > 0 else ""
            return f"pid {pid} ({command[:120]})" if command else f"another process (lock {path})"
    return ""


def locked_by(path: str) -> int | None:
    """The id of the process that has locked a file as apt does (fcntl(2), F_SETLK); None when it is free.

    0 or less: the kernel does not say who, for a process of another container.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
    finally:
        os.close(fd)
    return None if kind == fcntl.F_UNLCK else int(pid)
