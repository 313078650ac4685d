"""Notice accounts that are gone, locked, expired, another person's now, or in no group any more that may use the hub,
and end what they have there.

A request and a login notice it at once (authenticator.py). This watch is for the rest: a server runs on without asking
the hub, and a name may be given away again before its former owner's browser comes by.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from jupyterhub import orm

from hubinstall.hubside import looks, sessions
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.identity import People

PATIENCE = 600.0
"""Seconds that an account of a directory (SSSD, LDAP) may be missing: the directory may be away. An account that was in
/etc/passwd is gone as soon as it is missing there.
"""
ANSWERING = 30.0
"""The same while the directory answers, because it has others of the hub's people."""


class Departures:
    """`app`: the running JupyterHub; `refusal`: why an account may not use the hub, as after leaving a group."""

    def __init__(self, app: Any, people: People, refusal: Callable[[Account], str | None]) -> None:
        self._app, self._people, self._refusal = app, people, refusal
        self._missing: dict[str, float] = {}
        self._ended: set[str] = set()
        self._unfinished: set[str] = set()

    async def watch(self) -> None:
        """Look for as long as the hub runs."""
        await looks.again_and_again(
            lambda: self.look(time.monotonic()), self._app.log, "The accounts could not be checked"
        )

    async def look(self, now: float) -> None:
        """Check every user of the hub once. `now`: monotonic, in seconds."""
        names = [name for (name,) in self._app.db.query(orm.User.name) if name]
        # In a thread: a directory may take seconds to answer.
        found = await asyncio.to_thread(accounts, names)
        answers = any(account and self._people.is_elsewhere(name) for name, account in found.items())
        patience = ANSWERING if answers else PATIENCE
        # At the same time: a server may take ten seconds to end, and a whole course may be locked at once.
        refused = await asyncio.to_thread(self._refusals, found)
        checks = [self._check(name, account, refused.get(name), now, patience) for name, account in found.items()]
        for result in await asyncio.gather(*checks, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def _refusals(self, found: dict[str, Account | None]) -> dict[str, str | None]:
        return {name: self._refusal(account) for name, account in found.items() if account}

    async def _check(
        self, name: str, account: Account | None, refused: str | None, now: float, patience: float
    ) -> None:
        if account is None:
            await self._missing_since(name, now, patience)
        elif words := self._people.ended(name) or refused:
            await self._end(name, words)
        else:
            self._missing.pop(name, None)
            self._ended.discard(name)
            if self._people.is_new(account) or self._people.change(account):
                await self.arrived(account)
            elif name in self._unfinished:
                await self._end_servers(name)

    def is_away(self, name: str) -> bool:
        """Whether a missing account is one of a directory that may just not answer."""
        return self._people.is_elsewhere(name) and name not in self._ended

    async def arrived(self, account: Account) -> None:
        """The name stands for this account now. If it stood for another one, what that one had ends first."""
        if change := self._people.change(account):
            self._app.log.warning("Ending the sessions, tokens and servers of %s: %s", account.name, change)
            await sessions.end(self._app, account.name)
            if row := orm.User.find(self._app.db, account.name):
                self._note_starting(account.name, row)
        self._people.remember(account)

    async def _missing_since(self, name: str, now: float, patience: float) -> None:
        since = self._missing.setdefault(name, now)
        if not self._people.is_elsewhere(name) or now - since >= patience:
            await self._end(name, "the account is gone")

    async def _end(self, name: str, reason: str) -> None:
        """All that the name has, once; then servers that were still starting."""
        if name not in self._ended:
            self._ended.add(name)
            self._app.log.warning("Ending the sessions, tokens and servers of %s: %s", name, reason)
            await sessions.end(self._app, name)
        else:
            await self._end_servers(name)

    async def _end_servers(self, name: str) -> None:
        if row := orm.User.find(self._app.db, name):
            await sessions.end_servers(self._app, row)
            self._note_starting(name, row)

    def _note_starting(self, name: str, row: Any) -> None:
        """A server that is only starting cannot be ended yet."""
        starting = any(spawner.active for spawner in self._app.users[row].spawners.values())
        (self._unfinished.add if starting else self._unfinished.discard)(name)


def accounts(names: list[str]) -> dict[str, Account | None]:
    return {name: Account.brief(name) for name in names}
