"""In which groups of the host an account is, asked at most once a minute: rights are asked for at each request, and a
directory service may be far away.
"""

import grp
import time

from hubinstall.hubside.accounts import Account

FRESH = 60.0
"""Seconds for which an answer holds."""
PATIENCE = 600.0
"""Seconds for which a group that is not found has its last number: its directory may be away (departures.py)."""


class Memberships:
    """Kept in memory, of the accounts that use the hub."""

    def __init__(self) -> None:
        self._accounts: dict[str, tuple[float, frozenset[int]]] = {}
        self._groups: dict[str, tuple[float, int]] = {}

    def has(self, groups: tuple[str, ...], name: str, *, unknown: bool = False) -> bool:
        """Whether the account is in one of the groups, by its own group or as a member. `unknown`: the answer while
        nothing is known of the account, because its directory is away.
        """
        if not groups:
            return False
        now = time.monotonic()
        gids = self._gids(name, now)
        return unknown if gids is None else any(self._gid(group, now) in gids for group in groups)

    def ask_again(self, name: str) -> None:
        """Who logs in need not wait for the end of a minute."""
        self._accounts.pop(name, None)
        self._groups = {group: (at - FRESH, gid) for group, (at, gid) in self._groups.items()}

    def _gids(self, name: str, now: float) -> frozenset[int] | None:
        """What was known last if the account is not found: whether it is away or gone is not decided here."""
        at, gids = self._accounts.get(name, (0.0, None))
        if gids is not None and now - at < FRESH:
            return gids
        account = Account.find(name)
        if account is None:
            return gids
        self._accounts[name] = (now, account.gids)
        return account.gids

    def _gid(self, group: str, now: float) -> int | None:
        at, gid = self._groups.get(group, (0.0, None))
        if gid is not None and now - at < FRESH:
            return gid
        try:
            found = grp.getgrnam(group).gr_gid
        except (KeyError, ValueError, UnicodeError):
            return gid if now - at < PATIENCE else None
        self._groups[group] = (now, found)
        return found
