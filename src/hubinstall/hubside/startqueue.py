"""The queue of starting servers: about as many at once as the machine has cores, in order of arrival.

If all started at once, the first would be ready as late as the last.
"""

import asyncio


class StartQueue:
    """`places` starts at a time. `who` is any object that identifies a start."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(max(1, places))
        self._waiting: list[object] = []
        self._starting: list[object] = []

    async def enter(self, who: object) -> None:
        """Wait for a place; a start that is cancelled while waiting leaves the queue. Nothing if it has one already."""
        if who in self._starting:
            return
        self._waiting.append(who)
        try:
            await self._places.acquire()
        finally:
            self._waiting.remove(who)
        self._starting.append(who)

    def leave(self, who: object) -> None:
        """Give the place back; nothing if it has none."""
        if who in self._starting:
            self._starting.remove(who)
            self._places.release()

    def ahead(self, who: object) -> int | None:
        """How many are waiting before this one; None if it is not waiting."""
        return self._waiting.index(who) if who in self._waiting else None
