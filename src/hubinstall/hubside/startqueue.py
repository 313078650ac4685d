"""The queue of starting servers: about as many at once as the machine has cores, in order of arrival.

If all started at once, the first would be ready as late as the last.
"""

import asyncio
import math
import time
from collections import deque

REMEMBERED = 8
"""The number of starts, of those that ended last, whose time says how long the next ones take."""


class StartQueue:
    """`places` starts at a time. `who` is any object that identifies a start."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(max(1, places))
        self._waiting: list[object] = []
        self._starting: dict[object, float] = {}
        self._number = max(1, places)
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    async def enter(self, who: object) -> None:
        """Wait for a place; a start that is cancelled while waiting leaves the queue. Nothing if it has one already."""
        if who in self._starting:
            return
        self._waiting.append(who)
        try:
            await self._places.acquire()
        finally:
            self._waiting.remove(who)
        self._starting[who] = time.monotonic()

    def leave(self, who: object) -> None:
        """Give the place back; nothing if it has none."""
        if who in self._starting:
            self._took.append(time.monotonic() - self._starting.pop(who))
            self._places.release()

    def ahead(self, who: object) -> int | None:
        """How many are waiting before this one; None if it is not waiting."""
        return self._waiting.index(who) if who in self._waiting else None

    def words(self, who: object) -> str:
        """What the person reads who waits for this start; empty if it is not waiting. How long it takes is what the
        last starts say.
        """
        ahead = self.ahead(who)
        if ahead is None:
            return ""
        before = f"{ahead} {'person is' if ahead == 1 else 'people are'} before you" if ahead else "You are next"
        if not self._took:
            return before
        rounds = ahead // self._number + 1
        return f"{before}: about {math.ceil(rounds * sum(self._took) / len(self._took))} s"
