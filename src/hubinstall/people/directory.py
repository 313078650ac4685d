"""The accounts of this machine as `hubinstall user` sees them: who is a person, and who may use it now."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.accounts_helper import shadow
from hubinstall.errors import UserError
from hubinstall.machine.accounts import accounts, find, is_person, members
from hubinstall.machine.facts import login_numbers
from hubinstall.machine.host import Host
from hubinstall.people.newcomers import PURGED
from hubinstall.settings.model import Settings
from hubinstall.settings.rooms import account

REMOVED = "1"
"""The day on which an account has expired that `remove` has locked: as usermod(8) advises for whole accounts."""


@dataclass(frozen=True)
class Found:
    """An account of /etc/passwd. `ended`: why nobody may use it any more, in words, or ""; `removed`: by us."""

    name: str
    uid: int
    gid: int
    full_name: str
    home: str
    ended: str = ""
    removed: bool = False


class People:
    """The accounts, with the settings that were applied last."""

    def __init__(self, host: Host, settings: Settings) -> None:
        self.host, self.settings = host, settings
        self.least = login_numbers(host).get("UID_MIN", 1000)
        self.uids = settings.users.uids(self.least)
        self._rooms = set(map(account, settings.rooms))

    def find(self, name: str) -> Found | None:
        """The account of exactly this name in this machine's files, of a person or not."""
        row = accounts(self.host).get(name)
        return self._found(row, self._shadow()) if row else None

    def all(self) -> list[Found]:
        """People's accounts in the order of their numbers; not those that hold a number of somebody who was purged."""
        lines = self._shadow()
        found = [self._found(row, lines) for row in accounts(self.host).values()]
        return sorted((one for one in found if self.is_person(one)), key=lambda one: one.uid)

    def is_person(self, found: Found) -> bool:
        services = {layout.HUB_USER, layout.PROXY_USER, layout.PROBE_USER}
        others = found.name in services | self._rooms or PURGED.fullmatch(found.name)
        return is_person(found.uid, *self.uids) and not others

    def person(self, name: str) -> Found:
        """The person's account of this name. Raises UserError if there is none, or it is none of this machine's own."""
        found = self.find(name)
        if found is None and find(self.host, [name]):
            raise UserError(
                f"{name} is an account of a directory (LDAP, SSSD), not of this machine",
                "Change it there. To keep it out of the hub: hubinstall config add-item users.banned NAME --apply",
            )
        if found is None:
            raise UserError(f"there is no account {name} on this machine", "To see all: hubinstall user list")
        if not self.is_person(found):
            raise UserError(f"{name} is a system account (number {found.uid}), not a person's", "It stays as it is.")
        return found

    def named(self, names: Iterable[str], groups: Iterable[str] = ()) -> set[str]:
        """The accounts whom names and groups of config.yaml stand for, as the machine spells them."""
        return {row[0] for row in find(self.host, names).values()} | members(self.host, groups)

    def administrators(self) -> set[str]:
        users = self.settings.users
        return self.named(users.admin, users.admin_groups)

    def let_in(self) -> set[str] | None:
        """Who may log in, by the lists; None if everyone may."""
        names, groups = self.settings.let_in
        return None if self.settings.everyone else self.named(names, groups)

    def _shadow(self) -> dict[str, list[str]]:
        rows = (line.split(":") for line in self.host.text(shadow.FILE).splitlines())
        return {row[0]: row for row in rows}

    def _found(self, row: list[str], lines: dict[str, list[str]]) -> Found:
        line = lines.get(row[0], [])
        ended = shadow.parsed(":".join(line), b"", int(time.time() // shadow.DAY)).ended if len(line) > 1 else ""
        removed = line[7:8] == [REMOVED] and line[1].startswith("!")
        return Found(row[0], int(row[2]), int(row[3]), row[4].partition(",")[0], row[5], ended, removed)
