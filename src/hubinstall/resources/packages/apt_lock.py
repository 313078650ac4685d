"""Who holds one of the locks of apt and dpkg. We check before we start apt, and wait here instead of there.

apt itself waits silently, and for the lists not at all; and a waiting apt would survive a killed run of ours and get
the lock later.
"""

import fcntl
import math
import os
import struct
import time

from hubinstall.errors import UserError
from hubinstall.machine.activity import Patience
from hubinstall.machine.host import Host

LOCKS = (
    "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
)  # fmt: skip
PATIENCE = 300.0
"""Seconds without any progress of who holds a lock. Unattended upgrades may take hours on a slow machine."""
EVERY = 0.5
"""Seconds between two checks."""
FLOCK = "hhqqi4x"
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, pid."""


def free(host: Host) -> None:
    """Wait until apt's locks are free, and say who holds one. Raises UserError if that takes too long."""
    named, patience = "", Patience(PATIENCE, math.inf, host.path("/proc"), starts=math.inf)
    while found := _holder(host):
        pid, words = found
        if patience.is_over(pid):
            raise UserError(
                f"{words} has held apt's lock for {PATIENCE / 60:.0f} minutes and makes no progress",
                "Wait until it ends, or stop it if nobody needs it. Then run it again.",
            )
        if words != named:
            host.say(f"waiting for {words}, which holds apt's lock")
        named = words
        time.sleep(EVERY)


def holder(host: Host) -> str:
    """The PID and command of the process that holds one of the locks; empty if all are free."""
    return (_holder(host) or (0, ""))[1]


def _holder(host: Host) -> tuple[int, str] | None:
    """Its PID (0 if the kernel does not tell) and the same words; None if all are free."""
    for path in LOCKS:
        if (pid := locked_by(str(host.path(path)))) is not None:
            command = " ".join(host.text(f"/proc/{pid}/cmdline").replace("\0", " ").split()) if pid > 0 else ""
            return max(pid, 0), f"pid {pid} ({command[:120]})" if command else f"another process (lock {path})"
    return None


def locked_by(path: str) -> int | None:
    """The PID of the process that has locked a file in the way of apt (fcntl(2), F_SETLK); None if it is not locked.

    0 or less: the kernel does not tell, because the process is in another container.
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
