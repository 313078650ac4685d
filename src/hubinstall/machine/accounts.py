"""Accounts and groups of this machine, as passwd(5) and group(5) list them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from hubinstall import layout
from hubinstall.machine import mounts
from hubinstall.machine.host import Host, Stat

T = TypeVar("T")
CREATABLE = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
"""The names of accounts and groups that hubinstall creates: useradd(8) of every release takes them, and they contain no
capital letters, which people mistype. Others may exist, and are used as they are.
"""


def accounts(host: Host) -> dict[str, list[str]]:
    """The rows of passwd(5) by name."""
    return host.once("accounts", lambda: _rows(host, "/etc/passwd", 7))


def groups(host: Host) -> dict[str, list[str]]:
    """The rows of group(5) by name."""
    return host.once("groups", lambda: _rows(host, "/etc/group", 4))


def _rows(host: Host, path: str, fields: int) -> dict[str, list[str]]:
    rows = (line.split(":") for line in host.text(path).splitlines())
    return {row[0]: row for row in rows if len(row) == fields}


def find(host: Host, names: Iterable[str]) -> dict[str, list[str]]:
    """What a login makes of each of the names (hubside/accounts.py, login_name): name → row of passwd(5). Names that
    stand for no account are left out. Directory services (LDAP, SSSD) are asked for all at once, if the host uses one.
    """
    there, wanted = accounts(host), list(names)
    asked = list(dict.fromkeys(word for name in wanted for word in (name, name.lower()) if word not in there))
    rows = there | (_from_directory(host, asked) if asked and has_directory(host) else {})
    return {name: row for name in wanted if (row := rows.get(name) or rows.get(name.lower()))}


def has_directory(host: Host) -> bool:
    """Whether accounts come from elsewhere than the files, too."""
    sources = next((li for li in host.text("/etc/nsswitch.conf").splitlines() if li.startswith("passwd:")), "")
    return bool(set(sources.split()[1:]) - {"files", "systemd", "compat"})


def _from_directory(host: Host, names: list[str]) -> dict[str, list[str]]:
    """getent(1) leaves out what it does not know; a service may answer with the account's own name instead."""

    def ask(asked: list[str]) -> list[list[str]]:
        text = host.query(["getent", "passwd", *asked], check=False).stdout
        return [row for row in (line.split(":") for line in text.splitlines()) if len(row) == 7]

    found = host.once(f"getent passwd {names}", lambda: ask(names))
    rows = {row[0]: row for row in found}
    if found and (others := [name for name in names if name not in rows]) and rows.keys() - set(names):
        rows |= {name: own[0] for name in others if (own := ask([name]))}
    return rows


def has_group(host: Host, name: str) -> bool:
    return group(host, name) is not None


def group(host: Host, name: str) -> list[str] | None:
    """Its row in the form of /etc/group, from any source of the host's groups; None if there is no such group."""
    if row := groups(host).get(name):
        return row
    text = host.query(["getent", "group", name], check=False).stdout
    return next((row for row in (line.split(":") for line in text.splitlines()) if len(row) == 4), None)


def members(host: Host, names: Iterable[str]) -> set[str]:
    """Who is in these groups, as far as group(5) and passwd(5) list them: a directory service need not list those
    whom it puts into its groups (sssd.conf(5), ignore_group_members).
    """
    rows = [row for name in names if (row := group(host, name))]
    gids = {row[2] for row in rows}
    own = {row[0] for row in accounts(host).values() if row[3] in gids}
    return own.union(*(filter(None, row[3].split(",")) for row in rows))


@dataclass(frozen=True)
class Person:
    """A person's account: its UID is between UID_MIN and UID_MAX, and it owns its home."""

    name: str
    uid: int
    gid: int
    home: str


def homes(host: Host, uid_min: int, uid_max: int) -> list[Person]:
    """The accounts with people's numbers, from /etc/passwd, whatever their homes are."""
    rows = [line.split(":") for line in host.text("/etc/passwd").splitlines() if line.count(":") == 6]
    found = [Person(row[0], int(row[2]), int(row[3]), tidy(row[5])) for row in rows if (row[2] + row[3]).isdecimal()]
    return [person for person in found if is_person(person.uid, uid_min, uid_max)]


def only_root_writes(host: Host, folder: str) -> bool:
    """Whether nobody but root can create or replace anything in it."""
    stat = mounts.ask(host, [folder], host.stat)[folder]
    if isinstance(stat, OSError):
        return False
    return bool(stat and stat.kind == "dir" and stat.owner == "root" and not int(stat.mode, 8) & 0o022)


def tidy(home: str) -> str:
    """The path without what means nothing: `//`, `/./` and a slash at the end."""
    return "/" + "/".join(part for part in home.split("/") if part not in {"", "."})


def is_person(uid: int, uid_min: int, uid_max: int) -> bool:
    return uid_min <= uid <= uid_max and uid not in layout.RESERVED_UIDS


def people(host: Host, uid_min: int, uid_max: int) -> dict[Person, Stat | OSError]:
    """The people of this machine, from /etc/passwd, each with what was seen of the home: those who have one, or one
    that cannot be seen now.
    """
    found = homes(host, uid_min, uid_max)
    seen = ask_homes(host, [person.home for person in found], host.stat)
    at = {person: seen[person.home] for person in found}
    return {person: home for person, home in at.items() if home is not None and _is_home_of(person, home)}


def ask_homes(host: Host, homes: list[str], ask: Callable[[str], T]) -> dict[str, T | OSError]:
    """What `ask` says of each home, or its error; one that was silent once in this run is not asked again."""
    silent: dict[str, T | OSError] = {home: TimeoutError("it does not answer") for home in homes if home in host.silent}
    found = mounts.ask(host, [home for home in homes if home not in silent], ask)
    host.silent.update(home for home, answer in found.items() if isinstance(answer, TimeoutError))
    return silent | found


def _is_home_of(person: Person, home: Stat | OSError) -> bool:
    """Of a home on a file server that is away nobody can see whose it is."""
    return isinstance(home, OSError) or (home.kind == "dir" and home.owner == person.name)
