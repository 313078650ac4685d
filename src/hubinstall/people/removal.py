"""Take an account away: lock it, wait for the end of what it has at the hub, and purge it.

A number (UID) is never given away again, because files in shares still belong to it: an account that is removed stays,
locked. One that is purged becomes `purged-NUMBER`, an account that nobody can use, so that no program that makes
accounts takes the number.
"""

import os
import time

from hubinstall import layout
from hubinstall.errors import CommandError, UserError
from hubinstall.machine import mounts
from hubinstall.machine.accounts import accounts, groups, only_root_writes, tidy
from hubinstall.machine.docker import docker_query
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import administrators as sudoers
from hubinstall.people.directory import REMOVED, Found, People
from hubinstall.resources.accounts.account import NOLOGIN, NOWHERE, manage

SOON = 90.0
"""Seconds in which a server ends: the hub looks at all accounts every ten, and a server may take ten to end."""


def refuse(people: People, found: Found, *, purge: bool) -> None:
    """Raise UserError if this account must stay."""
    if found.name in sudoers(people.host):
        raise UserError(
            f"{found.name} administers this machine itself: it has sudo, or is logged in now",
            f"To keep it out of the hub alone: hubinstall config add-item users.banned {found.name} --apply",
        )
    administrators = people.administrators()
    if found.name not in administrators:
        return
    others = [one for one in map(people.find, administrators) if one and one.name != found.name and not one.ended]
    if not others:
        raise UserError(
            f"{found.name} is the last administrator of the hub",
            "Add another one first: hubinstall config add-item users.admin NAME --apply",
        )
    if purge and found.name in people.named(people.settings.users.admin):
        raise UserError(
            f"{found.name} is in users.admin: the next apply would make the account again",
            f"First: hubinstall config remove-item users.admin {found.name} --apply",
        )


def lock(host: Host, found: Found) -> None:
    """Nobody can use the account any more, by no door: not only its password is locked (usermod(8), --lock)."""
    manage(host, "usermod", "--lock", "--expiredate", REMOVED, found.name)


def wait_for_end(host: Host, found: Found) -> None:
    """Return when no server of this person runs; the hub sees by itself that the account is locked. Raises UserError if
    one still runs after some time.
    """
    deadline = time.monotonic() + SOON
    while runs(host, found.name):
        if time.monotonic() > deadline:
            raise UserError(
                f"the account {found.name} is locked, but its server still runs",
                f"See: hubinstall status, hubinstall logs {layout.HUB_SERVICE}; then run it again.",
            )
        host.wait(0.5)


def runs(host: Host, name: str) -> bool:
    """Whether a container of this person runs; no if Docker does not."""
    mine = f"label={layout.USER_LABEL}={name}"
    return bool(docker_query(host, "ps", "--quiet", "--filter", mine, check=False).stdout.strip())


def purge(people: People, found: Found) -> str:
    """Move the home of a locked account away and give its name free. Returns where the home is now; empty if it was
    left where it is, or there is none.
    """
    host, holder = people.host, f"purged-{found.uid}"
    trash = move_home(people, found)
    own = next((name for name, row in groups(host).items() if row[2] == str(found.gid)), "")
    if own == found.name:  # first: without the account nobody would find it again
        manage(host, "groupmod", "--new-name", holder, own)
    gone = [
        "--login",
        holder,
        "--home",
        NOWHERE,
        "--shell",
        NOLOGIN,
        "--groups",
        "",
        "--comment",
        "",
        "--password",
        "!",
    ]
    try:
        manage(host, "usermod", *gone, "--expiredate", REMOVED, found.name)
    except CommandError as error:
        raise UserError(
            f"the account {found.name} could not be renamed: {error.output.strip()}",
            f"If programs of this account still run (ps -u {found.name}), end them; then run it again.",
        ) from None
    return trash


def move_home(people: People, found: Found) -> str:
    """Where the home is now: in a folder beside it, which only root can open. Its files keep their owner, whose number
    nobody else gets.
    """
    host, home = people.host, tidy(found.home)
    if not host.exists(home):
        return ""
    if why := not_movable(host, found, home):
        host.notice(f"{home} was not moved: {why}")
        return ""
    folder = f"{os.path.dirname(home)}/{layout.REMOVED_HOMES}"
    host.mkdir(folder, mode="0700")
    trash = f"{folder}/{time.strftime('%Y-%m-%d')}-{found.name}-{found.uid}"
    if host.exists(trash):
        trash += time.strftime("-%H%M%S")
    host.rename(home, trash)
    return trash


def not_movable(host: Host, found: Found, home: str) -> str:
    """Why this is not the account's own home, or cannot be moved, in words; empty if it is, and can be."""
    there, folder = host.stat(home), os.path.dirname(home)
    others = {row[0]: tidy(row[5]) for row in accounts(host).values() if row[0] != found.name}
    inside = sorted(name for name, other in others.items() if other == home or other.startswith(f"{home}/"))
    if there is None or there.kind != "dir":
        return "it is not a directory"
    if there.owner != found.name:
        return f"it belongs to {there.owner}"
    if inside:
        return f"it is also the home of {', '.join(inside)}, or has it inside"
    if folder == "/" or not only_root_writes(host, folder):
        return f"others than root can write to {folder or '/'}"
    if home in mounts.table(host):
        return "a file system is mounted there"
    return ""
