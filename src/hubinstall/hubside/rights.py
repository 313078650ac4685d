"""Who may use the hub: one decision, from the lists in config.yaml and the UIDs of the host's accounts."""

from hubinstall import layout
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.settings import HubSettings


def refusal(settings: HubSettings, name: str, account: Account | None) -> str | None:
    """Why this account may not use the hub, in words for the person; None if it may.

    The only system account that may use it is the one that checks the installation from outside; it is locked between
    checks.
    """
    if account is None:
        return f"There is no account {name} on this machine."
    if name == layout.PROBE_USER:
        return None
    if not settings.uid_min <= account.uid <= settings.uid_max:
        return f"{name} is a system account. Log in with your personal account."
    if name in settings.banned:
        return f"{name} is not allowed to use this hub. Ask its administrator."
    if settings.allow_all or name in settings.allowed or name in settings.admins:
        return None
    return f"{name} is not on the list of people who may use this hub. Ask its administrator."


def is_admin(settings: HubSettings, name: str) -> bool:
    return name in settings.admins and name != layout.PROBE_USER
