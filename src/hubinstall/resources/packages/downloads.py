"""Work that downloads, and is restarted if it takes too long."""

from collections.abc import Callable

from hubinstall.errors import OverdueError
from hubinstall.machine.host import Host

PATIENCE = 600.0
"""Seconds: enough to download everything that an installation needs at 10 Mbit/s."""


def restart_if_overdue(host: Host, what: str, make: Callable[[float], None], longest: float = 1800.0) -> None:
    """Call `make` with a time limit of PATIENCE seconds for its commands; if one exceeds it, once more with `longest`.

    The programs give up a connection that is silent, but not one that is very slow, and they can hang like any other.
    `make` starts from nothing each time, because uv takes a package as installed if a killed uv has left a part of it.
    What was downloaded is in uv's cache.
    """
    try:
        make(PATIENCE)
    except OverdueError:
        host.say(f"{what}: not done after {PATIENCE:.0f} s, so it is restarted (the log says what it was doing)")
        make(longest)
