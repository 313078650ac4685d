"""How much slower than usual this machine is now: an emulated or throttled processor, or too much else to do."""

import time

TURNS = 2_000_000
USUAL = 0.08
"""Seconds that an ordinary virtual machine needs for so many turns of an empty loop."""
SLOWEST = 30.0
"""No limit becomes longer than by this factor: what hangs must come to an end on any machine."""


def slowness() -> float:
    """The factor by which limits in seconds should be longer here; 1 on a usual machine. Takes 0.1 s there."""
    begun = time.monotonic()
    for _ in range(TURNS):
        pass
    return min(max((time.monotonic() - begun) / USUAL, 1.0), SLOWEST)
