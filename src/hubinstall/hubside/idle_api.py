"""What servers say of their idleness, what the culler asks, and the answer of a person who wants to keep a server."""

import time
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError, authenticated

from hubinstall.hubside import idle

LONGEST = 1e9
"""Seconds."""


class ReportHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """A server's word. The parameter has JupyterHub's name, which it compares with the scope."""

    @needs_scope("users:activity")  # type: ignore[untyped-decorator]  # what servers' own tokens have
    def post(self, user_name: str) -> None:
        user, body = self.find_user(user_name), self.get_json_body()
        body = body if isinstance(body, dict) else {}
        server, seconds = body.get("server"), number(body.get("idle"))
        if user is None or not isinstance(server, str) or seconds is None:
            raise HTTPError(400, "server must be the name of a server, and idle a number of seconds.")
        ages = dict(idle.running(user))
        if server not in ages:
            raise HTTPError(404, "This server is not running.")
        reports = idle.THIS_HUBS
        heard = reports.hear(user.name, server, seconds)
        left = reports.left(user.name, server, ages[server])
        heard.again = reports.again(left)
        soon = left is not None and left[0] <= reports.rules.warning
        self.finish({"stops_in": left[0] if left and soon else None, "can_wait": bool(left and left[1]),
                     "again": heard.again})  # fmt: skip


def number(value: Any) -> float | None:
    """Seconds; None: it is no such number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= LONGEST else None


class DueHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """For the service that stops servers, and for `hubinstall status`."""

    @needs_scope("list:users")  # type: ignore[untyped-decorator]
    def get(self) -> None:
        reports, now = idle.THIS_HUBS, time.monotonic()
        ages = {(user.name, name): age for user in self.users.values() for name, age in idle.running(user)}
        for stopped in reports.heard.keys() - ages.keys():
            del reports.heard[stopped]
        lefts = {key: reports.left(*key, age) for key, age in ages.items()}
        due = ["/".join(key) for key, left in lefts.items() if left and left[0] <= 0]
        ran = None if reports.ran is None else now - reports.ran
        self.finish({"due": due, "ran": ran, "up": now - reports.begun})

    @needs_scope("delete:servers")  # type: ignore[untyped-decorator]
    def post(self) -> None:
        """The service has gone through all servers."""
        idle.THIS_HUBS.ran = time.monotonic()
        self.set_status(204)


class KeepHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """The button of the hub's own pages: a form with JupyterHub's token, so that no other site can press it."""

    @authenticated  # type: ignore[untyped-decorator]
    def post(self) -> None:
        user: Any = self.current_user
        server = self.get_body_argument("server", "")
        if server not in dict(idle.running(user)):
            raise HTTPError(404, "This server is not running.")
        idle.THIS_HUBS.keep(user.name, server)
        self.redirect(f"{self.hub.base_url}home")


HANDLERS = [
    (r"/api/users/([^/]+)/idle", ReportHandler),
    (r"/api/idle", DueHandler),
    (r"/keep-server", KeepHandler),
]
