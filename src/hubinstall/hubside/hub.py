"""The hub's program: JupyterHub, but it finishes open requests before it exits.

JupyterHub itself cancels open requests when it is told to stop, and their pages say 500. Later requests wait in the
proxy until the next hub listens.
"""

import asyncio
import time
from typing import Any

import jupyterhub.app
from prometheus_client import REGISTRY
from tornado.httpserver import HTTPServer
from tornado.web import RequestHandler

from hubinstall import layout
from hubinstall.hubside import (
    admin_role,
    announcements_api,
    course_page,
    database_room,
    ended_courses,
    environments_page,
    full_homes,
    idle_api,
    metrics,
    repair,
    room_doors,
    room_page,
    servers_page,
    sign_ons,
    start_handlers,
    teachers,
    tokens_api,
    use_api,
)  # fmt: skip
from hubinstall.hubside.bodies import Bodies
from hubinstall.hubside.host_rights import HostRights
from hubinstall.hubside.settings import HubSettings

GRACE = 2.0
"""Seconds for open requests. Anything longer, such as the progress events of a starting server, is cut off."""


class JupyterHub(jupyterhub.app.JupyterHub):  # type: ignore[misc]  # JupyterHub has no types
    """It has JupyterHub's class name, so that the settings of c.JupyterHub apply to it."""

    handlers: list[Any]
    _watches: "list[asyncio.Task[None]]"
    _classes: teachers.Classes
    _doors: room_doors.Doors

    def init_db(self) -> None:
        database_room.kept_on_connect()
        super().init_db()
        if self.db_url == f"sqlite:///{layout.HUB_DATABASE}":
            database_room.make(layout.HUB_DATABASE, self.log.warning)

    def init_oauth(self) -> None:
        self.oauth_provider = sign_ons.provider(
            self.db, require_pkce=self.oauth_require_pkce, token_expires_in=self.oauth_token_expires_in
        )

    def init_handlers(self) -> None:
        super().init_handlers()
        # The first that matches counts; JupyterHub's last one takes every other path of the API.
        parts = (announcements_api, full_homes, idle_api, servers_page, tokens_api, start_handlers, use_api)
        ours = [handler for part in parts for handler in part.HANDLERS]
        settings = HubSettings.load(layout.HUB_SETTINGS)
        ours += [*course_page.handlers(settings), *room_page.handlers(settings), *environments_page.handlers(settings)]
        ours += metrics.handlers(settings.metrics_allow)
        self.handlers[:0] = self.add_url_prefix(self.hub_prefix, ours)

    def init_tornado_settings(self) -> None:
        super().init_tornado_settings()
        rooms = HubSettings.load(layout.HUB_SETTINGS).rooms
        self.tornado_settings["oauth_no_confirm_list"] |= room_doors.unasked(rooms)

    def init_tornado_application(self) -> None:
        super().init_tornado_application()
        Bodies(self.hub_prefix).bound(self.tornado_application)

    async def init_groups(self) -> None:
        """Before anybody is let in: who has left a group while the hub was stopped."""
        await super().init_groups()
        self._classes = teachers.Classes(self, HubSettings.load(layout.HUB_SETTINGS))
        await self._classes.look()

    async def init_role_creation(self) -> None:
        if not self.admin_access:
            admin_role.keep_out_of_servers()
        await super().init_role_creation()

    async def init_role_assignment(self) -> None:
        """Before anybody is let in, also into rooms: whose members the host's groups name."""
        self._doors = room_doors.Doors(self, HubSettings.load(layout.HUB_SETTINGS))
        await super().init_role_assignment()
        await self._doors.compare()

    async def start(self) -> None:
        await super().start()
        settings = HubSettings.load(layout.HUB_SETTINGS)
        REGISTRY.register(metrics.Figures(self.users.values))
        self._watches = [
            asyncio.create_task(repair.of_this_hub().watch(self.log.warning)),
            asyncio.create_task(self._classes.watch()),
            asyncio.create_task(self._doors.watch()),
            asyncio.create_task(ended_courses.watch(self.log.info)),
            asyncio.create_task(use_api.Watch(self, keeps=settings.history).watch()),
        ]
        # A drop-in may have set another authenticator.
        if isinstance(self.authenticator, HostRights):
            self._watches += [asyncio.create_task(watch) for watch in self.authenticator.watches()]

    async def shutdown_cancel_tasks(self, sig: Any = None) -> None:
        if self.http_server is not None:
            await finish(self.http_server, GRACE)
        await super().shutdown_cancel_tasks(sig)


async def finish(server: HTTPServer, grace: float) -> None:
    """Accept no more connections; close the existing ones when no request is open, or after `grace` seconds.

    A request that arrives meanwhile finds its connection closed; the proxy treats that as a hub that is away.
    """
    server.stop()
    end = time.monotonic() + grace
    while (working := at_work()) and (left := end - time.monotonic()) > 0:
        await asyncio.wait(working, timeout=left)
    await server.close_all_connections()


def at_work() -> list["asyncio.Task[Any]"]:
    """The tasks of this event loop that are answering a request."""
    answers = RequestHandler._execute.__code__  # noqa: SLF001 - the one coroutine of each request (tornado 6)
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "cr_code", None) is answers]


if __name__ == "__main__":
    JupyterHub.launch_instance()
