"""Who may make a one-time link for whom by a page of the hub: who may open that person's server anyway, because a new
password opens it, too. So config.yaml says it (hubside/teachers.py, users.admin_access).

What apply has written for the hub is read for each question: only root can change it.
"""

from hubinstall import layout
from hubinstall.hubside import rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.settings import HubSettings

NOT_HERE = "No passwords are set here."
NOT_YOURS = "You can make links for the members of your groups only."


def refusal(name: str, person: str) -> str:
    """Why the account `name` may not make a link for `person`, in words for the former; or ""."""
    settings = HubSettings.load(layout.HUB_SETTINGS)
    if settings.sign_on.kind != "pam":
        return NOT_HERE
    for each in (name, person):
        rights.memberships.ask_again(each)
    administers = settings.admin_access and rights.is_admin(settings, name)
    may_come = rights.refusal(settings, name, Account.find(name)) is None
    if not may_come or not (administers or _teaches(settings, name, person)):
        return NOT_YOURS
    return _whose_is_not_reset(settings, name, person, administers=administers)


def _whose_is_not_reset(settings: HubSettings, name: str, person: str, *, administers: bool) -> str:
    account = Account.find(person)
    if account is None or account.name != person or rights.no_person(settings, account) is not None:
        return f"There is no account {person} of a person on this machine."
    if name == person:
        return "Change your own password on the page Password."
    if rights.is_admin(settings, person):
        return f"{person} is an administrator. Only root resets that password: hubinstall user invite {person}"
    if not administers and rights.teaches(settings, person):
        return f"{person} is a teacher, too. An administrator can make a link."
    return ""


def _teaches(settings: HubSettings, name: str, person: str) -> bool:
    """Whether the person is now in a group whose teacher the other one is."""
    groups = tuple(group for group, names in settings.teachers.items() if rights.lists(settings, tuple(names), name))
    return Memberships().has(groups, person)
