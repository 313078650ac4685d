"""Who may use the hub: one decision, from the lists in config.yaml, the UIDs of the host's accounts, and what a sign-on
from elsewhere says of a person.
"""

import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hubinstall import layout
from hubinstall.hubside.accounts import Account, login_name
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.new_accounts import account_name
from hubinstall.hubside.settings import HubSettings

memberships = Memberships()


@dataclass(frozen=True)
class Vouched:
    """What a sign-on from elsewhere says of a person, such as by groups that config.yaml names."""

    allowed: bool = False
    admin: bool = False


NOBODY = Vouched()


def vouched_by(authenticator: Any, name: str) -> Vouched:
    """What the hub's authenticator knows of the person from elsewhere; a drop-in's class says nothing."""
    found: Vouched = authenticator.vouched(name) if hasattr(authenticator, "vouched") else NOBODY
    return found


def refusal(settings: HubSettings, name: str, account: Account | None, vouched: Vouched = NOBODY) -> str | None:
    """Why this account may not use the hub, in words for the person; None if it may.

    The only system account that may use it is the one that checks the installation from outside; it is locked between
    checks. A room has a server, whatever the lists say, and no login.
    """
    if account is None:
        return f"There is no account {name} on this machine."
    if name == layout.PROBE_USER:
        return None
    if settings.room_of(name):
        return no_person(settings, account)
    if reason := no_person(settings, account):
        return reason
    return unwelcome(settings, name, vouched)


def unwelcome(settings: HubSettings, name: str, vouched: Vouched = NOBODY) -> str | None:
    """What the lists have against a name, whether there is an account or not."""
    if lists(settings, settings.banned, name) or memberships.has(settings.banned_groups, name):
        return f"{name} is not allowed to use this hub. Ask its administrator."
    if settings.allow_all or vouched.allowed or vouched.admin or _is_let_in(settings, name):
        return None
    return f"{name} is not on the list of people who may use this hub. Ask its administrator."


def _is_let_in(settings: HubSettings, name: str) -> bool:
    if any(lists(settings, names, name) for names in (settings.allowed, settings.admins)) or teaches(settings, name):
        return True
    # Nothing ends because a directory does not answer.
    return memberships.has((*settings.allowed_groups, *settings.admin_groups), name, unknown=True)


def is_admin(settings: HubSettings, name: str, vouched: Vouched = NOBODY) -> bool:
    named = lists(settings, settings.admins, name) or memberships.has(settings.admin_groups, name)
    return (named or vouched.admin) and name != layout.PROBE_USER and not settings.room_of(name)


def teaches(settings: HubSettings, name: str) -> bool:
    return any(lists(settings, tuple(names), name) for names in settings.teachers.values())


def no_person(settings: HubSettings, account: Account) -> str | None:
    """Why this is no person's account, whatever the lists say; None if it is one."""
    uid, name = account.uid, account.name
    if uid < settings.uid_min or uid in layout.RESERVED_UIDS or name in {layout.HUB_USER, layout.PROXY_USER}:
        return f"{name} is a system account. Log in with your personal account."
    if uid > settings.uid_max:
        return (
            f"{name} has the number {uid}, and people have at most {settings.uid_max} here. Ask the hub's "
            "administrator (users.uid_max)."
        )
    return None


def lists(settings: HubSettings, names: tuple[str, ...], name: str) -> bool:
    """Whether a list of config.yaml has this account, in any spelling that would log in as it."""
    if settings.sign_on.kind != "pam":
        return name in names or name in _as_accounts(names)
    return name in names or name in _as_logins(names, int(time.monotonic() // 60))


def accounts_of(settings: HubSettings, names: Iterable[str]) -> set[str]:
    """The accounts for which these names of a list stand, whether there are any or not."""
    if settings.sign_on.kind != "pam":
        return set(_as_accounts(tuple(names)))
    return set(_as_logins(tuple(names), int(time.monotonic() // 60)))


@functools.lru_cache(maxsize=256)
def _as_accounts(names: tuple[str, ...]) -> frozenset[str]:
    """The accounts of whom a sign-on from elsewhere calls so."""
    return frozenset(account_name(name) for name in names if name.strip())


@functools.lru_cache(maxsize=256)
def _as_logins(names: tuple[str, ...], _minute: int) -> frozenset[str]:
    """Kept for a minute: the rights are asked for each request, and a directory service may be far away."""
    return frozenset(login_name(name) for name in names)
