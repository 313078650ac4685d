"""Work that downloads, and is tried again if it hangs."""

from collections.abc import Callable

from hubinstall.errors import StalledError
from hubinstall.machine.host import STALL, Host

TRIES = 3
NPM_CACHE, DEBS = ".npm", ".debs"
"""Suffixes of what is kept beside a directory until it is complete: what npm and apt have downloaded."""


def retry_if_stalled(host: Host, what: str, make: Callable[[], None]) -> None:
    """Call `make` again if one of its commands hangs, at most TRIES times. What is slow is not ended: what counts is
    progress, not the clock.

    The programs give up a connection that is silent, but they can hang like any other. `make` builds from nothing each
    time, because uv takes a package as installed if a killed uv has left a part of it; what was downloaded is kept.
    """
    for left in reversed(range(TRIES)):
        try:
            make()
            return
        except StalledError:
            if not left:
                raise
            host.say(
                f"{what}: no progress for {STALL / 60:.0f} minutes, so it is restarted with what was downloaded"
                " (the log says what it was doing)"
            )
