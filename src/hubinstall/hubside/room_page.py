"""`/hub/room/NAME`: through the login and a start of the room's server into it; and the list of rooms on the home page.

Who has no account learns nothing here: the login comes first, whatever the name is.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join
from tornado.httputil import url_concat
from tornado.web import HTTPError, authenticated

from hubinstall.hubside import rights, room_doors
from hubinstall.hubside.rooms import Room
from hubinstall.hubside.settings import HubSettings


class RoomHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's own page starts the server, if it does not run."""

    def initialize(self, hub_settings: HubSettings) -> None:
        self._hub_settings = hub_settings

    @authenticated  # type: ignore[untyped-decorator]
    async def get(self, name: str) -> None:
        room = next((one for one in self._hub_settings.rooms if one.name == name), None)
        owner = self.find_user(room.account) if room else None
        if room is None or owner is None:
            raise HTTPError(404, "%s", "There is no room at this address.")
        visitor: Any = self.current_user
        rights.memberships.ask_again(visitor.name)  # who was just added need not wait for a minute
        if not await asyncio.to_thread(room_doors.is_in, room, visitor.name):
            raise HTTPError(403, "%s", f"Your account is not in the group {room.group}, whose room {room.title} is.")
        room_doors.admit(self.db, room, visitor.name)
        start = url_path_join(self.hub.base_url, "spawn", owner.escaped_name)
        self.redirect(url_concat(start, {"next": url_path_join(owner.url, "lab")}))


@functools.cache
def links(rooms: tuple[Room, ...]) -> Callable[[Any], list[tuple[str, str]]]:
    """What the home page asks, with JupyterHub's user or None: of each of the user's rooms the title, and the address
    below the hub's.
    """

    def of(user: Any) -> list[tuple[str, str]]:
        mine = [room for room in rooms if room_doors.is_in(room, user.name)] if user else []
        return [(room.title, f"room/{room.name}") for room in mine]

    return of


def handlers(settings: HubSettings) -> list[tuple[str, type, dict[str, Any]]]:
    """None without a room."""
    return [(r"/room/([^/]+)/?", RoomHandler, {"hub_settings": settings})] if settings.rooms else []
