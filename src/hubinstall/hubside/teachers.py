"""Teachers see, start, stop and open the servers of the members of a group of the host, and of nobody else.

JupyterHub gives rights over a group of its own. Here it has the name of the host's, and those of its members whose
servers may be opened: never an administrator's or a teacher's, whatever group these are in.
"""

import asyncio
import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Any

from jupyterhub import orm

from hubinstall import layout
from hubinstall.hubside import looks, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.settings import HubSettings

REMEMBERED = 10
"""Seconds for which a server remembers whom the hub has let in; JupyterHub's own are 300."""
SERVER_ARGUMENTS = [f"--HubOAuth.cache_max_age={REMEMBERED}"]
PREFIX = "hubinstall-teachers-"
ROLE_NAME = re.compile(r"[a-z0-9]([a-z0-9~._-]{0,200}[a-z0-9])?")
"""How a role's name may end (jupyterhub.roles)."""
RIGHTS = ("list:users", "read:users", "read:groups", "servers", "access:servers")
OURS = "hubinstall"
"""The property of the groups that are kept here."""


def roles(settings: HubSettings) -> list[dict[str, Any]]:
    """One of JupyterHub's roles for each group: who is not in it any more loses it when the hub starts."""
    return [
        {
            "name": role_name(group),
            "description": f"Teachers of {group}",
            "scopes": ["admin-ui", *(f"{right}!group={group}" for right in RIGHTS)],
            "users": sorted(name for name in rights.accounts_of(settings, names) if _may(settings, name)),
        }
        for group, names in settings.teachers.items()
    ]


def role_name(group: str) -> str:
    """A group may have a name that no role can have."""
    if ROLE_NAME.fullmatch(group):
        return f"{PREFIX}{group}"
    return f"{PREFIX}~{hashlib.sha256(group.encode()).hexdigest()[:16]}"


def without_ours(roles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [role for role in roles if not str(role.get("name", "")).startswith(PREFIX)]


def _may(settings: HubSettings, name: str) -> bool:
    """JupyterHub would make a user of each name in a role."""
    return rights.refusal(settings, name, Account.find(name)) is None


def students(settings: HubSettings, names: Iterable[str]) -> dict[str, set[str]]:
    """Group → those of `names` whose servers its teachers may open. Asks the host; a directory may take seconds."""
    groups = Memberships()
    found: dict[str, set[str]] = {group: set() for group in settings.teachers}
    for name in names:
        if name == layout.PROBE_USER or rights.teaches(settings, name) or rights.is_admin(settings, name):
            continue
        for group, members in found.items():
            if groups.has((group,), name):
                members.add(name)
    return found


def give(db: Any, settings: HubSettings) -> None:
    """The roles to those teachers whom the hub knows by now: accounts may be made after it has started."""
    for role in roles(settings):
        row = orm.Role.find(db, role["name"])
        if row is not None and {user.name for user in row.users} != set(role["users"]):
            row.users = db.query(orm.User).filter(orm.User.name.in_(role["users"])).all()
    db.commit()


def fill(db: Any, found: dict[str, set[str]], kept: Collection[str] = ()) -> None:
    """Make JupyterHub's groups say so, and remove those of ours that teach nobody any more, but not those of a drop-in
    (`kept`).
    """
    for row in db.query(orm.Group).all():
        if (row.properties or {}).get(OURS) and row.name not in found:
            row.users, row.properties = [], {}
            if row.name not in kept:
                db.delete(row)
    for group, names in found.items():
        row = orm.Group.find(db, group)
        if row is None:
            row = orm.Group(name=group)
            db.add(row)
        if not (row.properties or {}).get(OURS):
            row.properties = {**(row.properties or {}), OURS: True}
        if {user.name for user in row.users} != names:
            row.users = db.query(orm.User).filter(orm.User.name.in_(names)).all()
    db.commit()


class Classes:
    """The groups of a running hub. `app`: JupyterHub."""

    def __init__(self, app: Any, settings: HubSettings) -> None:
        self._app, self._settings = app, settings

    async def look(self) -> None:
        """Compare once with the host's groups."""
        names = [name for (name,) in self._app.db.query(orm.User.name).filter(orm.User.admin == False)]  # noqa: E712 - SQL
        found = await asyncio.to_thread(students, self._settings, names)
        fill(self._app.db, found, self._app.load_groups)
        give(self._app.db, self._settings)

    async def watch(self) -> None:
        """For as long as the hub runs."""
        if self._settings.teachers:
            await looks.again_and_again(self.look, self._app.log, "The groups of teachers could not be compared")
