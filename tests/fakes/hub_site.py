"""Pages of the hub as a browser gets them: JupyterHub's real handlers, cookies and database, without a hub around."""

import logging
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from jupyterhub import orm, roles
from jupyterhub.objects import Hub
from jupyterhub.user import UserDict
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, create_signed_value

from fakes import hub_pages

NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
COOKIE, SESSION = "jupyterhub-hub-login", "jupyterhub-session-id"


def database() -> Any:
    """In memory, with JupyterHub's own roles."""
    db = orm.new_session_factory("sqlite:///:memory:")()
    db.add(orm.OAuthClient(identifier="jupyterhub"))
    for role in roles.get_default_roles():
        roles.create_role(db, role)
    return db


def application(db: Any, door: Any, handlers: list[Any], **more: Any) -> Application:
    """`door`: the authenticator. `more`: of tornado's settings."""
    settings = {
        "db": db, "authenticator": door, "cookie_secret": b"5ecret", "xsrf_cookies": True,
        "hub": Hub(base_url="/hub/"), "base_url": "/", "log": logging.getLogger("hub"), "app": None,
        "login_url": "/hub/login", "logout_url": "/hub/logout", "template_path": [], "services": {},
        "template_vars": {"appearance": hub_pages.PLAIN, "full_home": ""}, "cookie_max_age_days": 14,
        "jinja2_env": hub_pages.environment(enable_async=True), "jinja2_env_sync": hub_pages.environment(),
        "static_path": "/", **more,
    }  # fmt: skip
    settings["users"] = UserDict(lambda: db, settings)
    return Application([(f"/hub{path}", handler) for path, handler in handlers], **settings)


class Browser:
    """Logged in as the user of this row; it keeps cookies. `path`: of the page, below the hub's."""

    def __init__(self, application: Application, row: orm.User, path: str) -> None:
        self._application, self._path = application, path
        value = create_signed_value(application.settings["cookie_secret"], COOKIE, row.cookie_id)
        self.cookies = {COOKIE: value.decode(), SESSION: f"session-{id(self)}"}

    async def send(
        self,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        *,
        path: str = "",
        query: str = "",
        **form: str,
    ) -> HTTPResponse:
        listener, port = bind_unused_port()
        server = HTTPServer(self._application)
        server.add_socket(listener)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await AsyncHTTPClient(force_instance=True).fetch(
            f"http://127.0.0.1:{port}/hub/{path or self._path}{query}", method=method, follow_redirects=False,
            raise_error=False, headers={**NAVIGATES, "Cookie": cookies, **(headers or {})},
            body=urlencode(form) if method == "POST" else None,
        )  # fmt: skip
        server.stop()
        for line in answer.headers.get_list("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer
