"""Servers that ended unseen: a container's end that comes while containerd is away is none for Docker, ever."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from typing import Any

SOON = 2.0
"""Seconds in which Docker tells of an end that it has not missed, with the exit code and the reason."""
MISSED = "Docker missed its end"


async def corrected(look: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """What `look` gives, Docker's inspect of a container, but a container without a process is not running in it."""
    found = await look()
    if _without_process(found["State"]):
        await asyncio.sleep(SOON)
        found = await look()
    if _without_process(found["State"]):
        found["State"] |= {"Running": False, "Error": MISSED}
    return found


def _without_process(state: dict[str, Any]) -> bool:
    return state["Running"] and not _is_there(state.get("Pid", 0))


def _is_there(pid: int) -> bool:
    """Whether there is a process of that number, or none was named. Signal 0 only asks (kill(2)); others' processes
    may be hidden from the hub in /proc.
    """
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno != errno.ESRCH
    return True
