"""Who is here: one row for each person's account of this machine."""

import contextlib
import sqlite3
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.accounts import ask_homes
from hubinstall.machine.host import Host, Stat
from hubinstall.people import invitations
from hubinstall.people.directory import Found, People
from hubinstall.people.invitations import in_words


@dataclass(frozen=True)
class Listed:
    """`role`: administrator, allowed, not allowed or banned; `state`: ok, removed, or why the account cannot be used;
    `home_state`: ok, absent, or whose it is; `last_seen`: at the hub, as YYYY-MM-DD HH:MM in UTC, or ""; `link_until`:
    the same, for a one-time link that was not used yet.
    """

    name: str
    uid: int
    full_name: str
    role: str
    state: str
    home: str
    home_state: str
    last_seen: str
    link_until: str


def listed(people: People) -> list[Listed]:
    """In the order of their numbers."""
    everyone, seen = people.all(), last_seen(people.host)
    unused = {name: in_words(until) for name, until in invitations.unused(people.host, everyone).items()}
    homes = ask_homes(people.host, [one.home for one in everyone], people.host.stat)
    roles = _roles(people, [one.name for one in everyone])
    return [
        Listed(
            one.name, one.uid, one.full_name, roles[one.name], "removed" if one.removed else one.ended or "ok",
            one.home, _home_state(one, homes[one.home]), seen.get(one.name, ""), unused.get(one.name, ""),
        )
        for one in everyone
    ]  # fmt: skip


def _roles(people: People, names: list[str]) -> dict[str, str]:
    let_in, administrators = people.let_in(), people.administrators()
    banned = people.named(people.settings.users.banned, people.settings.users.banned_groups)
    roles = {name: "allowed" if let_in is None or name in let_in else "not allowed" for name in names}
    return roles | dict.fromkeys(administrators, "administrator") | dict.fromkeys(banned, "banned")


def _home_state(one: Found, home: Stat | OSError | None) -> str:
    if home is None:
        return "absent"
    if isinstance(home, OSError):
        return home.strerror or str(home)
    return "ok" if home.owner == one.name else f"belongs to {home.owner}"


def last_seen(host: Host) -> dict[str, str]:
    """Name → when the hub has last heard of somebody; empty if its database cannot be read now."""
    with contextlib.suppress(sqlite3.Error):
        readable = f"{host.path(layout.HUB_DATABASE).as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(readable, uri=True, timeout=1)) as connection:
            rows = connection.execute("select name, last_activity from users").fetchall()
        return {name: str(moment)[:16] for name, moment in rows if moment}
    return {}
