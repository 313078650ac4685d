"""Programs of other machines that a test machine talks to: each has a root of its own, and runs on the test host."""

import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import store
from harness.machine import Machine
from harness.nspawn import ProcessManager

STARTS_WITHIN = 120.0
"""Seconds."""
# Some want memory to share and a random device.
IN_ROOT = """mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 none "$1/dev/shm"
exec chroot "$@"
"""


def root_with(name: str, install: str) -> Path:
    """A Debian on which the command `install` has run: made once, and again when the base changes."""
    target = store.folder(name) / store.base_archive().stem
    with store.locked(name):
        if not target.exists():
            with Machine(ProcessManager.PLAIN) as machine:
                machine.run(install)
                machine.stop()
                machine.snapshot(target)
    return target


def started(root: Path, argv: Sequence[str], knows: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """A program in its root, with the test host's name servers; its processes end with us. `knows`: names that it alone
    resolves, with their addresses.
    """
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc", name), root / "etc" / name)
    with Path(root, "etc/hosts").open("a") as hosts:
        hosts.writelines(f"{address} {name}\n" for name, address in (knows or {}).items())
    alone = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--fork", "--pid", "--kill-child"]
    quiet = subprocess.DEVNULL
    command = [*alone, "sh", "-ec", IN_ROOT, argv[0], str(root), *argv]
    return subprocess.Popen(command, start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet)


def wait_until_it_listens(process: "subprocess.Popen[bytes]", address: str, port: int, what: str) -> None:
    """`what`: the program, for people."""
    end = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection((address, port), 1).close()
        except OSError:
            assert process.poll() is None, f"{what} has ended"
            assert time.monotonic() < end, f"{what} does not listen"
            time.sleep(0.05)
        else:
            return
