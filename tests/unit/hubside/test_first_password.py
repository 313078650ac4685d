"""The page of one-time links: JupyterHub's real handlers, for somebody who is not logged in; only PAM is ours."""

import asyncio
import logging
import os
import re
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from jupyterhub import log as hub_log
from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.user import UserDict
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from fakes import hub_pages
from fakes.accounts_helper import with_helper
from fakes.hub_installation import PEOPLE, with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.accounts_helper import links, pam, shadow, strong
from hubinstall.accounts_helper.links import Link
from hubinstall.accounts_helper.shadow import Shadow
from hubinstall.hubside import first_password
from hubinstall.hubside.authenticator import HostAuthenticator

NEW = "three-new-words"
CARRIED = re.compile(r'name="(_xsrf|token)" value="([^"]*)"')


class Page:
    """A hub that has this page only, and a link for bob. `set`: whose passwords were set."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper = with_helper(tmp_path, monkeypatch)
        self.set: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        self._write("!")
        monkeypatch.setattr(pam, "set_new", self._set)
        self.token = links.generate()
        fingerprint = Shadow().entry("bob").fingerprint
        link = Link("bob", PEOPLE["bob"].uid, fingerprint, int(time.time()) + 100)
        links.keep(Path(layout.LINKS), self.token, link)
        self.application = self._application()

    def _write(self, password: str) -> None:
        Path(shadow.FILE).write_text(f"bob:{password}:20000::::::\n")

    def _set(self, _service: str, name: str, new: str) -> str:
        self.set[name] = new
        self._write(f"$y${new}")
        return ""

    def _application(self) -> Application:
        db = orm.new_session_factory("sqlite:///:memory:")()
        settings = {
            "db": db, "authenticator": HostAuthenticator(hub_settings=SETTINGS), "cookie_secret": b"5ecret",
            "hub": Hub(base_url="/hub/"), "base_url": "/", "log": logging.getLogger("hub"), "app": None,
            "login_url": "/hub/login", "logout_url": "/hub/logout", "template_path": [], "services": {},
            "template_vars": {"appearance": hub_pages.PLAIN, "full_home": ""}, "cookie_max_age_days": 14,
            "jinja2_env": hub_pages.environment(enable_async=True), "jinja2_env_sync": hub_pages.environment(),
            "static_path": "/", "xsrf_cookies": True, "log_function": hub_log.log_request,
        }  # fmt: skip
        settings["users"] = UserDict(lambda: db, settings)
        return Application([(f"/hub{path}", handler) for path, handler in first_password.HANDLERS], **settings)

    async def send(self, method: str = "GET", link: str | None = None, **form: str) -> HTTPResponse:
        listener, port = bind_unused_port()
        server = HTTPServer(self.application)
        server.add_socket(listener)
        query = f"?token={self.token if link is None else link}" if method == "GET" else ""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await AsyncHTTPClient(force_instance=True).fetch(
            f"http://127.0.0.1:{port}/hub/first-password{query}", method=method, follow_redirects=False,
            raise_error=False, headers={"Cookie": cookies}, body=urlencode(form) if method == "POST" else None,
        )  # fmt: skip
        server.stop()
        for line in answer.headers.get_list("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    async def use(self, new: str = NEW, again: str = "", token: str | None = None) -> tuple[int, str]:
        """Open the link and send its form, as any client does."""
        opened = (await self.send(link=token)).body.decode()
        answer = await self.send("POST", **dict(CARRIED.findall(opened)), new=new, again=again or new)
        return answer.code, answer.body.decode()


@pytest.fixture
def page(tmp_path, monkeypatch):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "LINKS"):
        monkeypatch.setattr(layout, name, str(tmp_path / name))
    (tmp_path / "LINKS").mkdir()
    monkeypatch.setattr(strong, "is_strong", lambda _account: False)
    return Page(tmp_path, monkeypatch)


def test_it_sets_a_password_once_for_somebody_who_is_not_logged_in(page):
    async def go() -> None:
        opened = await page.send()
        assert opened.code == 200
        assert '<strong id="account">bob</strong>' in opened.body.decode()
        assert opened.headers["Cache-Control"] == "no-store"
        code, text = await page.use()
        assert (code, page.set) == (200, {"bob": NEW})
        assert 'id="set"' in text
        assert not [name for name in page.cookies if "login" in name], "nobody is logged in by it"
        again = await page.send()
        assert (again.code, 'id="no-link"' in again.body.decode()) == (404, True)

    asyncio.run(go())


def test_the_secret_is_in_the_form_and_in_no_log(page, caplog):
    async def go() -> None:
        with caplog.at_level(logging.DEBUG):
            text = (await page.send()).body.decode()
            await page.use(again="something-else")
            await page.use()
            await page.send()
        assert text.count(page.token) == 1
        assert '<meta name="referrer" content="no-referrer">' in text

    asyncio.run(go())
    assert "first-password?token=[secret]" in caplog.text, "requests are logged"
    assert page.token not in caplog.text
    assert NEW not in caplog.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"again": "another-one"}, "The passwords differ."),
        ({"new": "short"}, "has 5 characters, and needs 8"),
        ({"new": "x" * 5000}, "too long"),
    ],
)
def test_what_is_refused_is_said_and_the_link_stays(page, given, words):
    async def go() -> None:
        code, text = await page.use(**given)
        assert (code, page.set) == (400, {})
        assert words in text
        assert "x" * 100 not in text
        assert (await page.use())[0] == 200

    asyncio.run(go())


def test_only_a_form_of_the_page_does_it(page):
    async def go() -> None:
        form = {"token": page.token, "new": NEW, "again": NEW}
        assert (await page.send("POST", **form)).code == 403
        await page.send()
        assert (await page.send("POST", **form)).code == 403, "without the form's token"
        assert (await page.send("POST", **form, _xsrf="x" + page.cookies["_xsrf"][1:])).code == 403
        assert page.set == {}

    asyncio.run(go())


@pytest.mark.parametrize("token", ["", "x", "..%2F..%2Fetc%2Fpasswd", "a" * 500, "%00", "%F0%9F%98%80", "<b>"])
def test_made_up_links(page, token):
    answer = asyncio.run(page.send(link=token))
    assert answer.code in {400, 404}
    assert "<b>" not in answer.body.decode().partition("<main")[2]


def test_an_address_that_makes_up_many_waits(page):
    async def go() -> None:
        codes = [(await page.send(link=f"guess{number}")).code for number in range(25)]
        assert codes[:20] == [404] * 20
        assert 429 in codes[20:]
        assert (await page.send()).code == 429
        page.application.settings["authenticator"].guesses = first_password.one_time_links.Guesses()
        assert (await page.send()).code == 200

    asyncio.run(go())


def test_a_helper_that_is_away_uses_up_nothing(page):
    async def go() -> None:
        page.helper.up = False
        answer = await page.send()
        assert (answer.code, "cannot be changed at the moment" in answer.body.decode()) == (503, True)
        page.helper.up = True
        assert (await page.use())[0] == 200

    asyncio.run(go())
    assert os.listdir(layout.LINKS) == []
