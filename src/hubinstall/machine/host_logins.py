"""Who can act on this machine itself, beside the hub: by a login with ssh, by sudo, or by a group that is as good."""

import json
import os
import re
from collections.abc import Iterable

from hubinstall import layout
from hubinstall.machine.accounts import accounts, groups
from hubinstall.machine.host import Host

NO_SHELLS = frozenset({"nologin", "false"})
SUDOERS, SUDOERS_FOLDER = "/etc/sudoers", "/etc/sudoers.d"
USER_LIST = re.compile(r"(?:[^\s,]+\s*,\s*)*[^\s,]+")
"""What a rule begins with."""
NO_RULES = ("Defaults", "Host_Alias", "Runas_Alias", "Cmnd_Alias", "Cmd_Alias", "@include", "#include")


def made_here(host: Host) -> frozenset[str]:
    """The people's accounts that hubinstall has made, as its ledger says."""
    try:
        entries = json.loads(host.text(layout.LEDGER) or "{}").get("resources", {})
        made = [e["fields"]["name"] for e in entries.values() if e["kind"] == "person" and not e["adopted"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()  # the engine reports what is wrong with it
    return frozenset(made) | made_by_command(host)


def made_by_command(host: Host) -> frozenset[str]:
    """Those of them that `hubinstall user` has made, and that still have the same number."""
    try:
        numbers = json.loads(host.text(layout.PEOPLE_MADE) or "{}").items()
    except (ValueError, AttributeError):
        return frozenset()
    there = accounts(host)
    return frozenset(name for name, uid in numbers if name in there and there[name][2] == str(uid))


def note_made(host: Host, names: Iterable[str]) -> None:
    """These accounts were made by `hubinstall user`."""
    there = accounts(host)
    made = {name: int(there[name][2]) for name in sorted(made_by_command(host) | set(names)) if name in there}
    host.write(layout.PEOPLE_MADE, json.dumps(made, indent=1).encode() + b"\n", mode="0600")


def administrators(host: Host) -> frozenset[str]:
    """The accounts with sudo, and the one that is logged in now, even if it has become root by another way."""
    named, in_groups = sudoers(host)
    if "ALL" in named:
        return frozenset(accounts(host))
    there = {name for group in {*layout.SUDO_GROUPS, *in_groups} for name in members(host, group)}
    logged_in = host.text("/proc/self/loginuid").strip()
    current = {name for name, row in accounts(host).items() if row[2] == logged_in}
    return frozenset(named | there | current | {"root", os.environ.get("SUDO_USER", "")})


def sudoers(host: Host) -> tuple[set[str], set[str]]:
    """Accounts and groups that the rules of sudo name, whatever they may do: rather one too many."""
    folder = [f"{SUDOERS_FOLDER}/{name}" for name in host.names(SUDOERS_FOLDER) if "." not in name and name[-1] != "~"]
    words: set[str] = set()
    for path in (SUDOERS, *folder):
        for line in host.text(path).replace("\\\n", " ").splitlines():
            rule = line.strip()
            if not rule or rule.startswith(NO_RULES) or (rule[0] == "#" and not rule[1:2].isdigit()):
                continue
            alias, _, its = rule.partition("=")
            found = USER_LIST.match(its.strip() if alias.startswith("User_Alias") else rule)
            words |= set(re.split(r"\s*,\s*", found[0]) if found else ())
    return {word for word in words if word[0] not in "%#!+"}, {word[1:] for word in words if word[0] == "%"}


def members(host: Host, group: str) -> set[str]:
    """Of a group of this machine, also those whose own group it is."""
    row = groups(host).get(group)
    if row is None:
        return set()
    return {*filter(None, row[3].split(",")), *(name for name, of in accounts(host).items() if of[3] == row[2])}


def has_shell(host: Host, name: str) -> bool:
    row = accounts(host).get(name)
    return row is not None and row[6].rpartition("/")[2] not in NO_SHELLS


def has_sshd(host: Host) -> bool:
    return host.which("sshd") is not None


def doors(host: Host, names: set[str]) -> dict[str, list[str]]:
    """Door → those of the accounts who have it."""
    ssh = {name for name in names if has_shell(host, name)} - members(host, layout.NO_LOGIN_GROUP)
    found = {"ssh": ssh if has_sshd(host) else set(), "sudo": set(administrators(host)) & names}
    found |= {group: members(host, group) & names for group in layout.STRONG_GROUPS}
    return {door: sorted(who) for door, who in found.items() if who}
