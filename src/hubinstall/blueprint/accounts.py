"""The accounts of the services, of verify, and of the administrators."""

from hubinstall import layout
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts.account import NOLOGIN, SHELL, Account, Group, Person
from hubinstall.resources.accounts.host_logins import NoHostLogins, SshdDropIn
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory
from hubinstall.settings.model import Settings

HUB_ACCOUNT, PROXY_ACCOUNT = id_of(Account, layout.HUB_USER), id_of(Account, layout.PROXY_USER)
"""The ids, for the resources that need them."""

SSHD = f"""# Written by hubinstall: the accounts that it made are for the hub, not for the machine itself (users.shell).
DenyGroups {layout.NO_LOGIN_GROUP}
"""


def accounts(settings: Settings, facts: Facts) -> list[Resource]:
    """The hub can read no password hash (group shadow): it asks the accounts helper. It asks the broker for containers:
    only where config.yaml allows spawners of any class, it is in the group docker, and so as good as root.

    The group docker is created here in the same way as Docker's packages create it, so that the hub's account
    need not wait for them. An uninstall leaves the group, so Docker's socket stays usable.
    """
    docker = Group(layout.DOCKER_GROUP)
    others = settings.spawner.allow.other_classes
    hub = Account(
        layout.HUB_USER, groups=(docker.name,) if others else (),
        never=(*(() if others else (docker.name,)), layout.PASSWORDS_GROUP), uid_min=facts.uid_min, needs=ids(docker),
    )  # fmt: skip
    proxy = Account(layout.PROXY_USER, uid_min=facts.uid_min)
    probe = Account(layout.PROBE_USER, home=layout.PROBE_HOME, uid_min=facts.uid_min)
    home = Directory(
        layout.PROBE_HOME, mode="0700", owner=probe.name, group=probe.name, whole=True,
        needs=ids(probe, id_of(Directory, layout.STATE)),
    )  # fmt: skip
    secrets = id_of(Directory, layout.SECRETS)
    shell = SHELL if settings.users.shell else NOLOGIN
    # With a sign-on from elsewhere nobody has a password here, and accounts are made at the first login.
    named = () if settings.auth.from_elsewhere else settings.users.admin
    people: list[Resource] = [Person(name, shell=shell, needs=(secrets,)) for name in named]
    return [docker, hub, proxy, probe, home, *people, *no_host_logins(settings, facts, needs=ids(*people))]


def no_host_logins(settings: Settings, facts: Facts, needs: tuple[str, ...]) -> list[Resource]:
    """What keeps accounts that hubinstall made from the machine itself, and others whom an administrator puts there."""
    closed = NoHostLogins(
        layout.NO_LOGIN_GROUP, people=settings.users.admin, closed=not settings.users.shell, needs=needs
    )
    return [closed, *([SshdDropIn(layout.SSHD_DROPIN, SSHD, needs=ids(closed))] if facts.sshd else [])]
