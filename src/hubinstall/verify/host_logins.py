"""Which people of the hub can also act on the machine itself, outside of their container."""

import re

from hubinstall import layout
from hubinstall.machine.accounts import find, homes, members
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import doors, has_sshd
from hubinstall.settings.model import Settings

SHOWN = 5
INCLUDE = re.compile(rf"^\s*Include\s+.*{re.escape(layout.SSHD_DROPINS)}/\*\.conf", re.MULTILINE | re.IGNORECASE)


def host_logins(host: Host, settings: Settings, facts: Facts) -> tuple[str, str, str, str]:
    """The row of `status`: name, state, message and hint. That somebody has a door is no fault: people know them."""
    name = "host logins"
    if has_sshd(host) and not INCLUDE.search(host.text(layout.SSHD_CONFIG)):
        words = f"sshd does not read {layout.SSHD_DROPIN}, which denies the accounts that hubinstall made"
        hint = f"Begin {layout.SSHD_CONFIG} with: Include {layout.SSHD_DROPINS}/*.conf"
        return name, "warning", words, hint
    found = doors(host, people(host, settings, facts))
    if not found:
        return name, "ok", "nobody of the hub has a login, sudo or a strong group on this machine itself", ""
    return name, "ok", "; ".join(f"{door}: {some(who)}" for door, who in found.items()), ""


def people(host: Host, settings: Settings, facts: Facts) -> set[str]:
    """The accounts of this machine's files that may use the hub."""
    users = settings.users
    there = {person.name for person in homes(host, *users.uids(facts.uid_min))}
    banned = {row[0] for row in find(host, users.banned).values()} | members(host, users.banned_groups)
    if settings.everyone:
        return there - banned
    names, groups = settings.let_in
    return there & ({row[0] for row in find(host, names).values()} | members(host, groups)) - banned


def some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
