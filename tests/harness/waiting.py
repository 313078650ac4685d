"""Waiting for what happens by itself: a line of a log, the end of a container, an answer that is kept for a minute."""

import time
from collections.abc import Callable

LONG = 180.0
"""Seconds: for a test host on which much else runs. No test is about how fast it is."""


def soon(holds: Callable[[], bool], seconds: float = LONG, *, every: float = 0.5) -> bool:
    """Whether it holds at some time within `seconds`; it is asked every half second."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True
