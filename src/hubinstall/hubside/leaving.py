"""End what people have here whom the provider no longer knows: their accounts are locked, and never deleted.

A directory says it of an entry. Others only refuse to say more of somebody, which mostly means that a session is over
(RFC 6749, 5.2: `invalid_grant`): such a person has to sign on again, and is gone if that does not happen for days.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from jupyterhub import orm

from hubinstall.hubside import helper, looks, sessions
from hubinstall.hubside.seen import Seen


class Leaving:
    """`app`: the running JupyterHub; `seen`: name → what the provider said; `ask`: ask it about one of the users."""

    def __init__(self, app: Any, seen: dict[str, Seen], ask: Callable[[Any], Awaitable[object]]) -> None:
        self._app, self._seen, self._ask_about = app, seen, ask

    async def watch(self, unasked: float | None) -> None:
        """Look for as long as the hub runs."""
        await looks.again_and_again(
            lambda: self.look(time.time(), unasked), self._app.log, "Whom the sign-on knows could not be checked"
        )

    async def look(self, now: float, unasked: float | None) -> None:
        """End what those have who are gone. `now`: in seconds since 1970; `unasked`: about one person who has made no
        request for so many seconds, the provider is asked; None asks about nobody.
        """
        if unasked is not None and (name := self._longest_unasked(now - unasked)):
            if row := orm.User.find(self._app.db, name):
                await self._ask_about(self._app.users[row])
            if seen := self._seen.get(name):
                seen.asked = max(now, seen.asked)
        for name, seen in list(self._seen.items()):
            if seen.gone_at is not None and seen.gone_at <= now and not seen.ended:
                await self._end(name, seen)

    def _longest_unasked(self, before: float) -> str:
        """One at a time: a directory is not asked about a whole university at once. Empty if there is none."""
        known = [(seen.asked, name) for name, seen in self._seen.items() if not (seen.over or seen.unaskable)]
        return min([each for each in known if each[0] < before], default=(before, ""))[1]

    async def _end(self, name: str, seen: Seen) -> None:
        try:
            locked = await asyncio.to_thread(helper.lock, name)
        except helper.UnavailableError as error:
            self._app.log.warning("The account of %s, who is gone, could not be locked yet: %s", name, error)
            return
        how = "the account is locked" if locked else "the account was not made for the sign-on, and stays as it is"
        self._app.log.warning("The sign-on no longer knows %s: %s", name, how)
        seen.ended = True
        await sessions.end(self._app, name)
