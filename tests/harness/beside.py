"""Programs of other machines that a test machine talks to: each has a root of its own, and runs on the test host."""

import socket
import subprocess
import time
from pathlib import Path

from harness import store
from harness.machine import Machine
from harness.nspawn import ProcessManager

STARTS_WITHIN = 120.0
"""Seconds."""


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
