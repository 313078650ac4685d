"""The queue of starting servers: about as many at once as the machine has cores, in order of arrival.

If all started at once, the first would be ready as late as the last. A place is about processor time, so nobody can
keep one from others: it ends after `longest` seconds at the latest, and one person has at most one.
"""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass

REMEMBERED = 8
"""The number of starts, of those that ended last, whose time says how long the next ones take."""
LONGEST = 20.0
"""Seconds that a start has its place for."""
IDLE = 3.0
"""Seconds without work after which a container does not need its place."""
WORK = 0.06
"""Seconds of processor time that are work. Even a program that only sleeps uses a little."""


@dataclass(eq=False)
class Waiting:
    """One start in the queue."""

    who: object
    person: str
    turn: "asyncio.Future[None]"


@dataclass(frozen=True)
class Place:
    """What a start holds that has its turn."""

    person: str
    since: float
    end: asyncio.TimerHandle


class StartQueue:
    """`places` starts at a time. `who` is any object that identifies a start."""

    def __init__(self, places: int, longest: float = LONGEST) -> None:
        self._number = max(1, places)
        self._longest = longest
        self._waiting: list[Waiting] = []
        self._starting: dict[object, Place] = {}
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    async def enter(self, who: object, person: str) -> None:
        """Wait for a place; a start that is cancelled while waiting leaves the queue. Nothing if it has one already.

        `person`: whose start it is. Who has a place waits with their other starts, and keeps nobody behind them back.
        """
        if who in self._starting:
            return
        mine = Waiting(who, person, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        self._next()
        try:
            await mine.turn
        except BaseException:
            self.leave(who)  # its turn came just when it was cancelled
            raise
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)

    def leave(self, who: object) -> None:
        """Give the place back; nothing if it has none."""
        if place := self._starting.pop(who, None):
            place.end.cancel()
            self._took.append(time.monotonic() - place.since)
            self._next()

    def has_place(self, who: object) -> bool:
        return who in self._starting

    def ahead(self, who: object) -> int | None:
        """How many are waiting before this one; None if it is not waiting."""
        return next((place for place, each in enumerate(self._waiting) if each.who is who), None)

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

    def _next(self) -> None:
        """Give the free places to those who wait, in order, but none to people who have one."""
        at_work = {place.person for place in self._starting.values()}
        for each in list(self._waiting):
            if len(self._starting) >= self._number:
                return
            if each.person in at_work or each.turn.done():
                continue
            at_work.add(each.person)
            self._waiting.remove(each)
            end = asyncio.get_running_loop().call_later(self._longest, self.leave, each.who)
            self._starting[each.who] = Place(each.person, time.monotonic(), end)
            each.turn.set_result(None)


class Idleness:
    """Whether a container has used no processor time for `IDLE` seconds."""

    def __init__(self, now: float) -> None:
        self._used, self._since = 0.0, now

    def is_idle(self, used: float, now: float) -> bool:
        """`used`: the processor time so far, in seconds; `now`: monotonic."""
        if used - self._used > WORK:
            self._used, self._since = used, now
        return now - self._since >= IDLE
