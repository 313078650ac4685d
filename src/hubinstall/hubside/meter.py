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
"""Seconds between two looks at a container, at least: many may have the page open."""
FORGOTTEN = 600.0
"""Seconds after which a container that nobody asks for is forgotten."""


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
        self.last: dict[str, Measured] = {}

    def read(self, ids: Iterable[str]) -> dict[str, Measured]:
        """Container id → what it uses now, or did a moment ago; without those that have no control group.

        Each is looked at for itself: a teacher's page asks for a few, an administrator's for all.
        """
        now, wanted = self._clock(), set(ids)
        due = {id_ for id_ in wanted if not self._within(id_, now, LEAST)}
        kept = {id_: one for id_, one in self.last.items() if id_ not in due and self._within(id_, now, FORGOTTEN)}
        there = container_use.folders(names, due) if due else {}
        self.last = kept | {id_: self._measured(id_, container_use.use(*both), now) for id_, both in there.items()}
        return {id_: one for id_, one in self.last.items() if id_ in wanted}

    def _within(self, id_: str, now: float, seconds: float) -> bool:
        last = self.last.get(id_)
        return last is not None and 0 <= now - last.at < seconds

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
