"""The watch over what servers use, and its history for `hubinstall top --history`: root's, and nobody's at the hub."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside import history, present
from hubinstall.hubside.history import DAY, HOUR, History, Sample

EVERY, KEEPS = 15.0, 60.0
"""Seconds between two looks, and until what was seen is written down."""
IN_HOURS = 7 * DAY
"""Seconds: what is asked for a longer time is answered in days."""
HISTORY = History(Path(layout.USE_HISTORY))
"""Of this hub."""


def look(users: Iterable[Any]) -> None:
    """Once at all servers; what uses the meter next counts from here. `users`: JupyterHub's. Raises sqlite3.Error."""
    found = [(present.container_of(one), one) for one in present.spawners(users)]
    measured = present.METER.read([id_ for id_, _ in found if id_])
    HISTORY.add(
        Sample(id_, one.user.name, present.seconds(one.orm_spawner.started), seen.at, seen.use.cpu, seen.use.memory)
        for id_, one in found
        if (seen := measured.get(id_))
    )


def keep() -> None:
    HISTORY.keep(time.time())


class Watch:
    """`app`: JupyterHub. `keeps`: whether there is a history."""

    def __init__(self, app: Any, *, keeps: bool) -> None:
        self._app = app
        self._said = ""
        HISTORY.on = keeps

    async def watch(self) -> None:
        """For as long as the hub runs; what it has seen last is written down when it ends."""
        if not HISTORY.on:
            self._try(HISTORY.forget)
        kept = time.monotonic()
        try:
            while True:
                await asyncio.sleep(EVERY)
                self._look()
                if time.monotonic() - kept >= KEEPS:
                    kept = time.monotonic()
                    await asyncio.to_thread(self._try, keep)
        finally:
            self._look()
            self._try(keep)

    def _look(self) -> None:
        self._try(lambda: look(self._app.users.values()))

    def _try(self, act: Callable[[], None]) -> None:
        """The hub goes on without its history; each reason is said once."""
        try:
            act()
            self._said = ""
        except (sqlite3.Error, OSError) as error:
            if str(error) != self._said:
                self._app.log.warning("The history of use (%s) is not kept: %s", layout.USE_HISTORY, error)
            self._said = str(error)
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                HISTORY.put_aside()
        except Exception:
            self._app.log.exception("What servers use could not be seen; trying again")


class UseHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """For `hubinstall top` alone: what people did at which hour is no business of other accounts of the hub."""

    @needs_scope("read:servers")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        if getattr(self.current_user, "kind", "") != "service" or self.current_user.name != layout.VERIFY_SERVICE:
            raise HTTPError(403, "The history of use is for the administrator of the machine: hubinstall top --history")
        since = moment(self.get_argument("since", ""))
        period = HOUR if time.time() - since <= IN_HOURS else DAY
        try:
            look(self.users.values())
            found = await asyncio.to_thread(answered, since, period)
        except (sqlite3.Error, OSError) as error:
            raise HTTPError(503, f"{layout.USE_HISTORY}: {error}") from None
        self.finish({"period": period, "sums": found})


def answered(since: float, period: int) -> list[dict[str, Any]]:
    """Off the hub's own thread: a disk may be slow."""
    return [asdict(one) for one in HISTORY.sums(since, period)]


def moment(text: str) -> float:
    """Seconds since the epoch. Raises HTTPError 400 if it is no such number."""
    try:
        at = float(text)
    except ValueError:
        at = -1.0
    if not 0 <= at < 1e11:
        raise HTTPError(400, "since must be a number of seconds since the epoch.")
    return max(at, time.time() - history.KEPT)


HANDLERS = [(r"/api/use", UseHandler)]
