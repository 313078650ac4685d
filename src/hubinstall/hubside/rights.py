"""Who may use the hub: one decision, from the lists in config.yaml and the UIDs of the host's accounts."""

import functools
import time

from hubinstall import layout
from hubinstall.hubside.accounts import Account, login_name
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.settings import HubSettings

memberships = Memberships()


def refusal(settings: HubSettings, name: str, account: Account | None) -> str | None:
    """Why this account may not use the hub, in words for the person; None if it may.

    The only system account that may use it is the one that checks the installation from outside; it is locked between
    checks.
    """
    if account is None:
        return f"There is no account {name} on this machine."
    if name == layout.PROBE_USER:
        return None
    if reason := no_person(settings, account):
        return reason
    if lists(settings.banned, name):
        return f"{name} is not allowed to use this hub. Ask its administrator."
    if settings.allow_all or _is_let_in(settings, name):
        return None
    return f"{name} is not on the list of people who may use this hub. Ask its administrator."


def _is_let_in(settings: HubSettings, name: str) -> bool:
    if lists(settings.allowed, name) or lists(settings.admins, name) or teaches(settings, name):
        return True
    # Nothing ends because a directory does not answer.
    return memberships.has((*settings.allowed_groups, *settings.admin_groups), name, unknown=True)


def is_admin(settings: HubSettings, name: str) -> bool:
    named = lists(settings.admins, name) or memberships.has(settings.admin_groups, name)
    return named and name != layout.PROBE_USER


def teaches(settings: HubSettings, name: str) -> bool:
    return any(lists(tuple(names), name) for names in settings.teachers.values())


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


def lists(names: tuple[str, ...], name: str) -> bool:
    """Whether a list of config.yaml has this account, in any spelling that would log in as it."""
    return name in names or name in _as_logins(names, int(time.monotonic() // 60))


@functools.lru_cache(maxsize=256)
def _as_logins(names: tuple[str, ...], _minute: int) -> frozenset[str]:
    """Kept for a minute: the rights are asked for each request, and a directory service may be far away."""
    return frozenset(login_name(name) for name in names)
