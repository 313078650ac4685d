"""The accounts helper, which checks and changes passwords for the hub, and makes accounts for people of a sign-on from
elsewhere: PAM's rules, whom it answers about, and its service.
"""

import json

from hubinstall import layout
from hubinstall.accounts_helper.policy import Making, Policy
from hubinstall.blueprint.accounts import HUB_ACCOUNT
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.runtimes import Programs
from hubinstall.blueprint.service_spec import HELPERS_DIR, Program
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts.account import NOLOGIN, SHELL, Group
from hubinstall.resources.accounts.host_logins import NoHostLogins
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.secret import Secret
from hubinstall.settings.model import Settings


def makes_accounts(settings: Settings) -> bool:
    """Whether people may have no account on this machine before they first log in."""
    return settings.auth.type != "pam"


def sign_on(settings: Settings, facts: Facts) -> list[Resource]:
    """What the helper reads. The files are root's: the hub cannot change what it may ask."""
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    making = made_for_sign_on(settings) if makes_accounts(settings) else None
    groups = [Group(layout.PEOPLE_GROUP)] if making else []
    least = None if making else settings.users.password.min_length
    policy = json.dumps(Policy(uid_min, uid_max, making, least).as_dict(), indent=1, sort_keys=True) + "\n"
    closed = (id_of(NoHostLogins, layout.NO_LOGIN_GROUP),) if making else ()
    folder = Directory(layout.LINKS, mode="0700", whole=True, needs=(id_of(Directory, layout.STATE),))
    links = [] if making else [folder]  # without passwords there are none
    return [
        *groups,
        *links,
        File(layout.PAM_FILE, render("templates/pam", probe=layout.PROBE_USER), needs=(BASE_PACKAGES,)),
        File(
            layout.ACCOUNTS_POLICY, policy, mode="0600",
            needs=(id_of(Directory, layout.GENERATED), *ids(*groups, *links), *closed),
        ),
    ]  # fmt: skip


def made_for_sign_on(settings: Settings) -> Making:
    """Accounts for the hub only, as those of users.admin (host_logins.py); these are the administrators' also if they
    were there before.
    """
    shell = settings.users.shell
    groups = (layout.PEOPLE_GROUP, *(() if shell else (layout.NO_LOGIN_GROUP,)))
    return Making(SHELL if shell else NOLOGIN, groups, known=settings.users.admin)


def helper_program(
    settings: Settings, programs: Programs, files: tuple[tuple[str, str], ...], needs: tuple[str, ...]
) -> Program:
    """`files`: (path, SHA-256) of what it reads once, at its start."""
    launcher = render(
        "templates/launchers/hubinstall-accounts.sh", files=[path for path, _ in files], hubside=layout.HUBSIDE,
        venv=layout.HUB_VENV, directory=HELPERS_DIR,
    )  # fmt: skip
    return Program(
        layout.ACCOUNTS_SERVICE, "Checks passwords for JupyterHub", launcher,
        unit="systemd/hubinstall-accounts.service", config=programs.hub, files=files,
        ready=layout.ACCOUNTS_SOCKET, stop_wait=5,
        values={
            "folder": layout.ACCOUNTS_DIR, "links": layout.LINKS,
            "homes": layout.HOMES if makes_accounts(settings) else "",
        },
        needs=(
            HUB_ACCOUNT, *ids(HELPERS_DIR), id_of(Secret, layout.ACCOUNTS_KEY), id_of(Link, layout.HUB_VENV),
            id_of(Link, layout.HUBSIDE), *needs,
        ),
    )  # fmt: skip
