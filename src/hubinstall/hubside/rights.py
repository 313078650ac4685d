"""Who may use the hub: the file's lists and the host's account numbers, decided in one place."""

from hubinstall import layout
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.settings import HubSettings


def refusal(settings: HubSettings, name: str, account: Account | None) -> str | None:
    """Why this account may not use the hub, in words for the person; None: it may.

    The one exception from the account numbers is the account that checks the installation from outside; it is
    locked whenever it does not.
    """
    if account is None:
        return f"There is no account {name} on this machine."
    if name == layout.PROBE_USER:
        return None
    if not settings.uid_min <= account.uid <= settings.uid_max:
        return f"{name} is a system account. Please log in with a person's account."
    if name in settings.banned:
        return f"{name} may not use this hub. Please ask its administrator."
    if settings.allow_all or name in settings.allowed or name in settings.admins:
        return None
    return f"{name} is not among those who may use this hub. Please ask its administrator."


def is_admin(settings: HubSettings, name: str) -> bool:
    return name in settings.admins and name != layout.PROBE_USER
