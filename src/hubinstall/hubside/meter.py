"""What the containers of people's servers use, from one look at the kernel's control groups to the next.

The hub may read them: the files are everybody's, and its unit only keeps it from writing there.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hubinstall.hubside import container_use
from hubinstall.hubside.container_use import Use

LEAST = 2.0
"""Seconds between two looks, at least: many may have the page open."""


@dataclass(frozen=True)
class Measured:
    """`cores`: on average since the look before; 0 at the first. `at`: when (time.time)."""

    use: Use
    cores: float
    at: float


class Meter:
    """`clock`: seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._at = float("-inf")
        self.last: dict[str, Measured] = {}

    def read(self, ids: Iterable[str]) -> dict[str, Measured]:
        """Container id → what it uses now, or did a moment ago; without those that have no control group."""
        now = self._clock()
        if not 0 <= now - self._at < LEAST:
            there = container_use.folders(names, ids)
            self.last = {id_: self._measured(id_, container_use.use(*both), now) for id_, both in there.items()}
            self._at = now
        return self.last

    def _measured(self, id_: str, use: Use, now: float) -> Measured:
        before = self.last.get(id_)
        passed = now - before.at if before else 0.0
        cores = max(0.0, use.cpu - before.use.cpu) / passed if before and passed > 0 else 0.0
        return Measured(use, cores, now)


def names(folder: str) -> list[str]:
    """What is in it; nothing if it is not there."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
