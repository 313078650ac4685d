"""Notice accounts that are gone, or that are another person's now, and end what they have at the hub.

A request and a login notice it at once (authenticator.py). This watch is for the rest: a server runs on without asking
the hub, and a name may be given away again before its former owner's browser comes by.
"""

import asyncio
import time
from typing import Any

from jupyterhub import orm

from hubinstall.hubside import sessions
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.identity import People

EVERY = 10.0
"""Seconds between two looks at all accounts."""
PATIENCE = 600.0
"""Seconds that an account of a directory (SSSD, LDAP) may be missing: the directory may be away. An account that was in
/etc/passwd is gone as soon as it is missing there.
"""


class Departures:
    """`app`: the running JupyterHub."""

    def __init__(self, app: Any, people: People) -> None:
        self._app, self._people = app, people
        self._missing: dict[str, float] = {}
        self._ended: set[str] = set()

    async def watch(self) -> None:
        """Look for as long as the hub runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look(time.monotonic())
            except Exception:
                self._app.log.exception("The accounts could not be checked; trying again")

    async def look(self, now: float) -> None:
        """Check every user of the hub once. `now`: monotonic, in seconds."""
        names = [name for (name,) in self._app.db.query(orm.User.name) if name]
        # In a thread: a directory may take seconds to answer.
        for name, account in (await asyncio.to_thread(accounts, names)).items():
            if account is None:
                await self._gone(name, now)
            else:
                self._missing.pop(name, None)
                self._ended.discard(name)
                if self._people.known(name) is None or self._people.change(account):
                    await self.arrived(account)

    async def arrived(self, account: Account) -> None:
        """The name stands for this account now. If it stood for another one, what that one had ends first."""
        if change := self._people.change(account):
            self._app.log.warning("Ending the sessions, tokens and servers of %s: %s", account.name, change)
            await sessions.end(self._app, account.name)
        self._people.remember(account)

    async def _gone(self, name: str, now: float) -> None:
        known = self._people.known(name)
        patience = 0 if known is None or known.local else PATIENCE
        if now - self._missing.setdefault(name, now) < patience:
            return
        if name not in self._ended:
            self._ended.add(name)
            self._app.log.warning("Ending the sessions, tokens and servers of %s, whose account is gone", name)
            await sessions.end(self._app, name)
        elif row := orm.User.find(self._app.db, name):
            await sessions.end_servers(self._app, row)


def accounts(names: list[str]) -> dict[str, Account | None]:
    return {name: Account.brief(name) for name in names}
