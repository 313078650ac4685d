"""Work that downloads, and is begun anew when it takes too long."""

from collections.abc import Callable

from hubinstall.errors import OverdueError
from hubinstall.machine.host import Host

PATIENCE = 600.0
"""Seconds; a line of 10 Mbit/s brings everything that an installation downloads in that time."""


def begun_anew(host: Host, what: str, make: Callable[[float], None], longest: float = 1800.0) -> None:
    """Let `make` run its commands within PATIENCE seconds; if one is not done then, once more within `longest`.

    The programs give up a connection that is silent, but none that trickles, and they can hang like any other.
    `make` begins from nothing each time: uv takes a package for installed of which a killed uv left a part. What was
    downloaded is in uv's cache.
    """
    try:
        make(PATIENCE)
    except OverdueError:
        host.say(f"{what}: not done after {PATIENCE:.0f} s, so it is begun anew (the log says what it was at)")
        make(longest)
