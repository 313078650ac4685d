"""The queue of starting servers: about as many at once as the machine has cores, in order of arrival.

If all started at once, the first would be ready as late as the last.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class StartQueue:
    """`places` starts at a time. `who` is any object that identifies a start."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(max(1, places))
        self._waiting: list[object] = []

    @contextlib.asynccontextmanager
    async def turn(self, who: object) -> AsyncIterator[None]:
        """Wait for a place and give it back; a start that is cancelled while waiting leaves the queue."""
        self._waiting.append(who)
        try:
            await self._places.acquire()
        finally:
            self._waiting.remove(who)
        try:
            yield
        finally:
            self._places.release()

    def ahead(self, who: object) -> int | None:
        """How many are waiting before this one; None if it is not waiting."""
        return self._waiting.index(who) if who in self._waiting else None
