"""The service that keeps the quotas of homes: python -m hubinstall.quotas POLICY FOLDER SOCKET GATHERED [undo]

It looks every few seconds, so that new people, new homes and new members of a group have their limits before they log
in, and at once when something connects to SOCKET, which exists once all limits are set. GATHERED: which homes have been
looked through already. With `undo` no home has a limit any more.
"""

import os
import socket
import sys
import time
from pathlib import Path

from hubinstall.quotas.keeper import Keeper
from hubinstall.quotas.policy import Policy

EVERY = 10.0
"""Seconds."""


def main(policy: str, folder: str, door: str, gathered: str, undo: str = "") -> None:
    keeper = Keeper(Policy.read(policy), folder, Path(gathered))
    if undo:
        keeper.undo()
        return
    Path(door).unlink(missing_ok=True)
    keeper.look()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(door)
        listener.listen(16)
        while True:
            end = time.monotonic() + EVERY
            keeper.gather(end)
            wait(listener, max(0.1, end - time.monotonic()))
            keeper.look()


def wait(listener: socket.socket, seconds: float) -> None:
    """So long, or until something connects."""
    listener.settimeout(seconds)
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return


if __name__ == "__main__":
    os.umask(0o077)
    main(*sys.argv[1:])
