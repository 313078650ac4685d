"""The pages of passwords for somebody who is logged in: JupyterHub's real handlers, cookies and database; only PAM is
ours.
"""

import logging
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from jupyterhub import orm, roles
from jupyterhub.objects import Hub
from jupyterhub.user import UserDict
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, create_signed_value

from fakes import hub_pages
from fakes.accounts_helper import with_helper
from fakes.hub_installation import PEOPLE, with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.accounts_helper import pam, shadow
from hubinstall.hubside import own_password, reset_password, sessions
from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.helper import Refusal

RIGHT, NEW = "right", "three-new-words"
BROWSER = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
COOKIE, SESSION = "jupyterhub-hub-login", "jupyterhub-session-id"


HANDLERS = [*own_password.HANDLERS, *reset_password.HANDLERS]


class Page:
    """A hub that has these pages only, and bob, who has two browsers, a token of his own and a running server."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper = with_helper(tmp_path, monkeypatch)
        self.passwords = {"alice": "right", "bob": "right"}
        self._write()
        monkeypatch.setattr(pam, "refusal", self._refusal)
        monkeypatch.setattr(pam, "change", self._set)
        self.db = orm.new_session_factory("sqlite:///:memory:")()
        self.db.add(orm.OAuthClient(identifier="jupyterhub"))
        for role in roles.get_default_roles():
            roles.create_role(self.db, role)
        self.door = HostAuthenticator(hub_settings=SETTINGS, auth_refresh_age=-1, auth_refresh_strict=True)
        self.stopped: list[str] = []
        monkeypatch.setattr(sessions, "end_servers", self._stop)
        self.rows = {name: self._person(name) for name in ("alice", "bob")}
        self.application = self._application()

    def _write(self) -> None:
        lines = [f"{name}:$y${password}:20000::::::\n" for name, password in self.passwords.items()]
        Path(shadow.FILE).write_text("".join(lines))

    def _refusal(self, _service: str, name: str, password: str) -> Refusal | None:
        return None if self.passwords[name] == password else Refusal("Authentication failure")

    def _set(self, _service: str, name: str, _password: str, new: str) -> str:
        self.passwords[name] = new
        self._write()
        return ""

    async def _stop(self, _app: object, row: orm.User) -> None:
        self.stopped.append(row.name)

    def _person(self, name: str) -> orm.User:
        row = orm.User(name=name)
        self.db.add(row)
        roles.assign_default_roles(self.db, entity=row)
        self.db.commit()
        self.token = row.new_api_token(note="of a program", scopes=[])
        row.new_api_token(note=f"Server at /user/{name}/", scopes=[])
        row.api_tokens[-1].scopes = [f"users:activity!user={name}", f"access:servers!server={name}/"]
        self.db.commit()
        self.door.add_user(row)
        return row

    def _application(self) -> Application:
        settings = {
            "db": self.db, "authenticator": self.door, "cookie_secret": b"5ecret", "xsrf_cookies": True,
            "hub": Hub(base_url="/hub/"), "base_url": "/", "log": logging.getLogger("hub"), "app": None,
            "login_url": "/hub/login", "logout_url": "/hub/logout", "template_path": [], "services": {},
            "template_vars": {"appearance": hub_pages.PLAIN, "full_home": ""}, "cookie_max_age_days": 14,
            "jinja2_env": hub_pages.environment(enable_async=True), "jinja2_env_sync": hub_pages.environment(),
            "static_path": "/",
        }  # fmt: skip
        settings["users"] = UserDict(lambda: self.db, settings)
        return Application([(f"/hub{path}", handler) for path, handler in HANDLERS], **settings)

    def browser(self, name: str = "bob") -> "Browser":
        return Browser(self, name)

    def notes(self, name: str = "bob") -> set[str]:
        self.db.refresh(self.rows[name])
        return {token.note for token in self.rows[name].api_tokens}


class Browser:
    """Logged in; it keeps cookies."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        value = create_signed_value(page.application.settings["cookie_secret"], COOKIE, page.rows[name].cookie_id)
        self.cookies = {COOKIE: value.decode(), SESSION: f"session-{id(self)}"}

    async def send(
        self, method: str = "GET", headers: dict[str, str] | None = None, *, path: str = "password", **form: str
    ) -> HTTPResponse:
        listener, port = bind_unused_port()
        server = HTTPServer(self._page.application)
        server.add_socket(listener)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await AsyncHTTPClient(force_instance=True).fetch(
            f"http://127.0.0.1:{port}/hub/{path}", method=method, follow_redirects=False, raise_error=False,
            headers={**BROWSER, "Cookie": cookies, **(headers or {})},
            body=urlencode(form) if method == "POST" else None,
        )  # fmt: skip
        server.stop()
        for line in answer.headers.get_list("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    async def change(self, password: str = RIGHT, new: str = NEW, again: str = "", **more: str) -> tuple[int, str]:
        await self.send()
        form = {"password": password, "new": new, "again": again or new, "_xsrf": self.cookies["_xsrf"], **more}
        answer = await self.send("POST", **form)
        return answer.code, answer.body.decode()


def with_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    with_people(monkeypatch)
    monkeypatch.setattr(layout, "KNOWN_PEOPLE", str(tmp_path / "people.json"))
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path / "accounts"))
    monkeypatch.setattr("hubinstall.hubside.identity.ACCOUNTS", str(tmp_path / "passwd"))
    (tmp_path / "passwd").write_text("".join(f"{name}:x:{each.uid}:\n" for name, each in PEOPLE.items()))
    return Page(tmp_path, monkeypatch)
