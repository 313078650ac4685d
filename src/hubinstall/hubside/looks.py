"""Looking again and again, for as long as the hub runs, at what changes on the host without asking the hub."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

EVERY = 10.0
"""Seconds between two looks at accounts and groups."""


async def again_and_again(look: Callable[[], Awaitable[object]], log: Any, failed: str) -> None:
    """Never returns. A look that fails is logged with `failed` ("X could not be checked"); the next one follows."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await look()
        except Exception:
            log.exception("%s; trying again", failed)
