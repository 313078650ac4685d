"""Whose password is checked next, if more logins arrive than can be checked at once.

Addresses take turns and get only a few checks at once: anyone who guesses waits behind their own guesses. Within one
address, the accounts with the fewest failed attempts from there go first.
"""

import asyncio
import contextlib
import heapq
import itertools
from collections import Counter
from collections.abc import AsyncIterator

Waiting = tuple[int, int, asyncio.Future[None]]


class Turns:
    """`places` checks at a time, at most `of_one` of them from one address."""

    def __init__(self, places: int, of_one: int) -> None:
        self._places, self._of_one = places, of_one
        self._at_work: Counter[str] = Counter()
        self._waiting: dict[str, list[Waiting]] = {}
        self._number = itertools.count()

    @contextlib.asynccontextmanager
    async def turn(self, address: str, tried: int) -> AsyncIterator[None]:
        """Wait for a place and give it back. `tried`: the number of earlier failures; the fewest go first."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting.setdefault(address, []), (tried, next(self._number), mine))
        self._next()
        try:
            await mine
            yield
        finally:
            if mine.done() and not mine.cancelled():
                self._at_work[address] -= 1
            self._next()

    def _next(self) -> None:
        """Give free places to the addresses that have the fewest; among these, to the one that came first."""
        while self._at_work.total() < self._places:
            for address, waiting in list(self._waiting.items()):
                while waiting and waiting[0][2].cancelled():
                    heapq.heappop(waiting)
                if not waiting:
                    del self._waiting[address]
            ready = [address for address in self._waiting if self._at_work[address] < self._of_one]
            if not ready:
                break
            address = min(ready, key=lambda a: (self._at_work[a], self._waiting[a][0][1]))
            _, _, future = heapq.heappop(self._waiting[address])
            self._at_work[address] += 1
            future.set_result(None)
        self._at_work += Counter()  # drops addresses with no check
