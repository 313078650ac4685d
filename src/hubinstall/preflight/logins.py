"""Whether anybody could log in to the hub with these settings: what locks everyone out is said before it is done.

A warning, no problem: a hub that nobody can use yet is what a machine without people has, nothing is lost, and root
lets people in with one command.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hubinstall.machine import accounts
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.preflight.names import Words
from hubinstall.resources.accounts import first_passwords
from hubinstall.settings.model import Settings
from hubinstall.settings.users import Users

SHOWN = 5
DAY = 86400


@dataclass(frozen=True)
class Named:
    """Those whom the lists name. `found`: name → row of passwd(5), as a login finds it."""

    users: Users
    found: dict[str, list[str]]
    uids: tuple[int, int]

    def of(self, names: Iterable[str]) -> set[str]:
        """The accounts' own names; a name without an account stays."""
        return {self.found[name][0] if name in self.found else name for name in names}


def warnings(host: Host, settings: Settings, *uids: int) -> Iterator[Words]:
    """That nobody could log in, or none of the administrators. `uids`: the least and the largest of people.

    Not where a drop-in's class or a provider elsewhere decides. Where a directory service has accounts, which cannot be
    listed, only of names that the file says.
    """
    users, listed = settings.users, not accounts.has_directory(host)
    if hub_report(host).sign_on or settings.auth.from_elsewhere:
        return
    names, groups = settings.let_in
    named = Named(users, accounts.find(host, [*names, *users.banned]), (uids[0], uids[1]))
    if any(name not in named.found or first_passwords.is_due(host, name) for name in users.admin):
        return  # they are created, with a password
    admins = named.of(users.admin) | accounts.members(host, users.admin_groups)
    if users.everyone:
        everyone = {person.name for person in accounts.homes(host, *named.uids)} | admins
    else:
        everyone = named.of(names) | accounts.members(host, groups)
    if (listed or not (users.everyone or groups)) and not any_of(why := _why_not(host, named, everyone)):
        yield _nobody(users, why)
    elif (listed or not users.admin_groups) and admins and not any_of(why := _why_not(host, named, admins)):
        key = "admin" if users.admin else "admin_groups"
        hint = "try another administrator: hubinstall config add-item users.admin NAME"
        yield ("users", key), f"no administrator could log in: {some(why)}", hint


def any_of(why: dict[str, str]) -> bool:
    """Whether there is somebody against whom nothing speaks."""
    return not all(why.values())


def _nobody(users: Users, why: dict[str, str]) -> Words:
    if not users.everyone:
        at = ("users", "allowed" if users.allowed else "allow_all")
        words = f"nobody could log in: {some(why) or 'no list names anybody'}"
        return at, words, "try the names of people who have an account with a password"
    if why:
        hint = "Give somebody a password: hubinstall user passwd NAME; or create an account: hubinstall user add NAME"
        return (), f"nobody could log in to the hub: {some(why)}", hint
    return (
        (),
        "nobody could log in to the hub: no person has an account on this machine",
        "Create one: hubinstall user add NAME",
    )


def _why_not(host: Host, named: Named, names: set[str]) -> dict[str, str]:
    """Name → why this person could not log in; empty if nothing is known against it."""
    there = named.found | accounts.find(host, names)
    shadow = {row[0]: row for line in host.text("/etc/shadow").splitlines() if len(row := line.split(":")) == 9}
    banned = named.of(named.users.banned) | accounts.members(host, named.users.banned_groups)
    today = time.time() // DAY
    found = {}
    for name in sorted(names):
        if name not in there:
            found[name] = f"there is no account {name}"
        elif not accounts.is_person(int(there[name][2]), *named.uids):
            found[name] = f"{name} is a system account"
        elif name in banned:
            found[name] = f"{name} is banned"
        else:
            found[name] = _closed(name, shadow.get(name, []), today)
    return found


def _closed(name: str, row: list[str], today: float) -> str:
    """What shadow(5) says against an account; nothing of one that is elsewhere."""
    if not row:
        return ""
    if row[7].isdecimal() and int(row[7]) <= today:
        return f"{name} has expired"
    if row[1].startswith(("!", "*")):
        return f"{name} is locked" if len(row[1].strip("!*")) > 1 else f"{name} has no password"
    return ""


def some(why: dict[str, str]) -> str:
    words = list(why.values())
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "")
