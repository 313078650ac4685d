"""The doors through which a start gets its options: the form of the hub's own pages, and the API.

JupyterHub also takes them from the query of /hub/spawn, where a link on any other site can put them.
"""

from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from hubinstall.hubside import start_options
from hubinstall.hubside.safe_start import SafeStarts


class ChecksOptions:
    """Refuses options before JupyterHub keeps them."""

    async def spawn_single_user(
        self, user: Any, server_name: str = "", display_name: str = "", options: Any = None
    ) -> None:
        """Raise HTTPError 400 that says why, if the options cannot be applied. None: those that were kept."""
        if options:
            check(user.get_spawner(server_name), options, given=True)
        await super().spawn_single_user(user, server_name, display_name, options=options)  # type: ignore[misc]


class StartHandler(ChecksOptions, SpawnHandler):  # type: ignore[misc]  # JupyterHub has no types
    """The page that starts a server."""

    def _get_user_options(self, query_options: Any) -> dict[str, Any]:  # noqa: ARG002
        """None from a link."""
        return {}


class ServerHandler(ChecksOptions, UserServerAPIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """The API's way to a start. The parameters have JupyterHub's names, which it compares with the scope."""

    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def put(self, user_name: str, server_name: str = "") -> None:
        self._check_body(user_name)
        await super().put(user_name, server_name)

    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def patch(self, user_name: str, server_name: str = "") -> None:
        self._check_body(user_name)
        await super().patch(user_name, server_name)

    def _check_body(self, user_name: str) -> None:
        """The options that would be kept for a later start."""
        body, user = self.get_json_body(), self.find_user(user_name)
        options = body.get("user_options") if isinstance(body, dict) else None
        if user is not None and isinstance(options, dict):
            check(user.spawner, options)


def check(spawner: Any, options: Any, *, given: bool = False) -> None:
    """Raise HTTPError 400 if they cannot be applied. `given`: for the start that follows at once."""
    if not isinstance(spawner, SafeStarts):
        return  # a drop-in's class knows its own
    if not isinstance(options, dict):
        raise HTTPError(400, "The options of a start must be an object.")
    if words := start_options.refusal(spawner, options):
        raise HTTPError(400, words)
    spawner.options_are_given = given


HANDLERS = [
    (r"/spawn", StartHandler),
    (r"/spawn/([^/]+)", StartHandler),
    (r"/spawn/([^/]+)/([^/]+)", StartHandler),
    (r"/api/users/([^/]+)/server", ServerHandler),
    (r"/api/users/([^/]+)/servers/([^/]*)", ServerHandler),
]
