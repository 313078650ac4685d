"""Who may enter a room: the members of its host group, as they are now.

JupyterHub gives the rights over the server of another account by roles (its documentation, "Collaboration users"):
each room has one. A member gets no right of another member by it, and none of the hub's: the room's server holds the
token of the room's own account. Who leaves the group may have kept that token, or a connection; so the room's server is
stopped then.
"""

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from jupyterhub import orm

from hubinstall.hubside import looks, rights, sessions
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.rooms import Room
from hubinstall.hubside.settings import HubSettings

PREFIX = "hubinstall-room"


def roles(settings: HubSettings) -> list[dict[str, Any]]:
    """One for the members of each room, whom `Doors` puts into it; and one without rights, because JupyterHub makes the
    users of a role.
    """
    if not settings.rooms:
        return []
    members = [
        {
            "name": role_name(room),
            "description": f"Members of the room {room.name}",
            "scopes": [f"servers!user={room.account}", f"access:servers!user={room.account}"],
            "users": [],
        }
        for room in settings.rooms
    ]
    return [*members, {"name": f"{PREFIX}s", "scopes": [], "users": [room.account for room in settings.rooms]}]


def role_name(room: Room) -> str:
    return f"{PREFIX}-{room.name}"


def unasked(rooms: Iterable[Room]) -> set[str]:
    """The OAuth clients that learn a visitor's name without a question: JupyterHub would ask each member after each
    start, and a page that is open could not go on by itself. Who opens a room is in it, and shows their name there.
    """
    return {f"jupyterhub-user-{quote(room.account)}" for room in rooms}


def without_ours(roles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [role for role in roles if not str(role.get("name", "")).startswith(PREFIX)]


def is_in(room: Room, name: str) -> bool:
    """Whether the account is a member, at most a minute ago. Asks the host; a directory may take seconds."""
    return rights.memberships.has((room.group,), name)


def admit(app_db: Any, room: Room, name: str) -> None:
    """A member who has just come need not wait for the next look."""
    role, user = orm.Role.find(app_db, role_name(room)), orm.User.find(app_db, name)
    if role is not None and user is not None and user not in role.users:
        role.users.append(user)
        app_db.commit()


class Doors:
    """The rooms of a hub. `app`: JupyterHub, before it takes everybody out of our roles at its start."""

    def __init__(self, app: Any, settings: HubSettings) -> None:
        self._app, self._settings = app, settings
        self._memberships = Memberships()
        self._before = {room.name: self._inside(room) for room in settings.rooms}
        """Who was in while the last hub ran, for the first look."""
        self._to_stop: set[Room] = set()

    async def look(self) -> None:
        """Compare once with the host's groups, and stop the rooms that somebody has left."""
        await self.compare()
        for room in list(self._to_stop):
            await sessions.end(self._app, room.account)
            self._to_stop.discard(room)

    async def compare(self) -> None:
        """Give each role to those who are members now."""
        rooms = {room.account for room in self._settings.rooms}
        names = [name for (name,) in self._app.db.query(orm.User.name) if name not in rooms]
        for room in self._settings.rooms:
            before = self._before.pop(room.name, set()) | self._inside(room)
            members = await asyncio.to_thread(self._members, room, names, before)
            now = {name for name in members if not self._why_not(name)}
            self._let_in(room, now | (self._inside(room) - before))  # `admit` may have let somebody in meanwhile
            if gone := sorted(before - now):
                self._app.log.warning("Stopping the room %s: no longer a member: %s", room.name, ", ".join(gone))
                self._to_stop.add(room)

    def _inside(self, room: Room) -> set[str]:
        role = orm.Role.find(self._app.db, role_name(room))
        return {user.name for user in role.users} if role else set()

    def _let_in(self, room: Room, names: set[str]) -> None:
        role = orm.Role.find(self._app.db, role_name(room))
        if role is not None and names != self._inside(room):
            role.users = self._app.db.query(orm.User).filter(orm.User.name.in_(names)).all()
            self._app.db.commit()

    def _members(self, room: Room, names: list[str], before: set[str]) -> set[str]:
        """While nothing is known of an account, because its directory is away, it is what it was."""
        for name in before:
            self._memberships.ask_again(name)
        return {name for name in names if self._memberships.has((room.group,), name, unknown=name in before)}

    def _why_not(self, name: str) -> str:
        """Why somebody may not use the hub at all; a drop-in's class of sign-on is not asked."""
        authenticator = self._app.authenticator
        return str(authenticator.why_not(name)) if hasattr(authenticator, "why_not") else ""

    async def watch(self) -> None:
        """For as long as the hub runs."""
        if self._settings.rooms:
            await looks.again_and_again(self.look, self._app.log, "The members of rooms could not be compared")
