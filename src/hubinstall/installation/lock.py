"""One run at a time: the lock of this machine, a file that names its holder."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from hubinstall import layout
from hubinstall.errors import UserError

LOCK_FD = "HUBINSTALL_LOCK_FD"


@contextlib.contextmanager
def one_run(verb: str, *, patience: float = 0) -> Iterator[int]:
    """Hold the lock of this machine; bootstrap may have taken it and passed it on. Raises UserError (exit code 75) if
    another run still holds it after `patience` seconds. The block gets what `pass_on` wants.
    """
    passed_on = os.environ.pop(LOCK_FD, "")
    fd = int(passed_on) if passed_on else os.open(layout.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience
    while not _locked(fd):
        if time.monotonic() >= deadline:
            holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "another run"
            raise UserError(f"{holder} holds the lock {layout.LOCK}", "Wait until it ends, then run it again.", 75)
        time.sleep(1)
    os.set_inheritable(fd, False)
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"hubinstall {verb} (pid {os.getpid()})\n".encode(), 0)
    try:
        yield fd
    finally:
        os.ftruncate(fd, 0)
        os.close(fd)


def pass_on(held: int) -> None:
    """Let the next `one_run` of this process hold the same lock, as a part of this run."""
    os.environ[LOCK_FD] = str(os.dup(held))


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
