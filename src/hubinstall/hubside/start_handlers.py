"""The doors through which a start gets its options: the form of the hub's own pages, and the API.

JupyterHub also takes them from the query of /hub/spawn, where a link on any other site can put them.
"""

from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from hubinstall.hubside import own_limits, start_options
from hubinstall.hubside.safe_start import SafeStarts

LONGEST_NAME = 255
"""What JupyterHub's database has room for, and sqlite does not enforce."""


class ChecksOptions:
    """Refuses options before JupyterHub keeps them."""

    async def spawn_single_user(
        self, user: Any, server_name: str = "", display_name: str = "", options: Any = None
    ) -> None:
        """Raise HTTPError 400 that says why, if the options cannot be applied. None: those that were kept."""
        check_name(display_name)
        if options:
            check(user.get_spawner(server_name), options, given=True)
        await super().spawn_single_user(user, server_name, display_name, options=options)  # type: ignore[misc]

    async def _check_named_server_request(
        self, user: Any, server_name: str, display_name: str, *, check_limit: bool = True
    ) -> None:
        """JupyterHub's own takes the limit of who asks; here it is that of whose server it is."""
        ours = self.named_server_limit_per_user is own_limits.named_servers  # type: ignore[attr-defined]
        if ours and check_limit:
            own_limits.check_named(user, server_name)
        await super()._check_named_server_request(  # type: ignore[misc]
            user, server_name, display_name, check_limit=check_limit and not ours
        )


class StartHandler(ChecksOptions, SpawnHandler):  # type: ignore[misc]  # JupyterHub has no types
    """The page that starts a server."""

    def _get_user_options(self, query_options: Any) -> dict[str, Any]:  # noqa: ARG002
        """None from a link."""
        return {}

    async def _get(self, user_name: str, server_name: str, display_name: str) -> None:
        """A server that has just ended by itself is started: JupyterHub, which looks every 30 seconds, would lead to
        one that does not answer.
        """
        user = self.find_user(user_name)
        if user is not None and server_name in user.spawners and user.spawners[server_name].ready:
            await user.spawners[server_name].poll_and_notify()
        await super()._get(user_name, server_name, display_name)


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
        """What would be kept for a later start."""
        body, user = self.get_json_body(), self.find_user(user_name)
        body = body if isinstance(body, dict) else {}
        check_name(body.get("display_name"))
        options = body.get("user_options")
        if user is not None and isinstance(options, dict):
            check(user.spawner, options)


def check_name(name: Any) -> None:
    """Raise HTTPError 400 if a server would be shown with such a long name."""
    if isinstance(name, str) and len(name) > LONGEST_NAME:
        raise HTTPError(400, f"The name of a server has at most {LONGEST_NAME} characters.")


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
