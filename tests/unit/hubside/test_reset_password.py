"""The page on which teachers make one-time links: its form, its refusals, and that guesses count; PAM is ours."""

import asyncio
import re
import time
from dataclasses import replace

import pytest

from fakes.hub_people import SETTINGS
from fakes.password_pages import Browser, with_page
from hubinstall import layout
from hubinstall.accounts_helper import by_link, links, resets

LINK = re.compile(r'<code id="link">http://[^/]+/hub/first-password[?]token=([a-z2-9]{28})</code>')
PAGE = {"path": "reset-password"}


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Bob teaches. Whose links he may make is the helper's to say, and is tested there."""
    made = with_page(tmp_path, monkeypatch)
    monkeypatch.setattr(resets, "refusal", lambda _name, person: "" if person == "alice" else resets.NOT_YOURS)
    monkeypatch.setattr(by_link, "is_strong", lambda _account: False)
    monkeypatch.setattr(layout, "LINKS", str(tmp_path / "links"))
    (tmp_path / "links").mkdir()
    made.door.hub_settings = replace(SETTINGS, teachers={"course": ["bob"]})
    return made


async def make(browser: Browser, person: str = "alice", password: str = "") -> tuple[int, str]:
    await browser.send(**PAGE)
    form = {"person": person, "password": password or "right", "_xsrf": browser.cookies["_xsrf"]}
    answer = await browser.send("POST", **PAGE, **form)
    return answer.code, answer.body.decode()


def test_a_teacher_gets_a_link_which_is_shown_once(page, tmp_path):
    async def go() -> None:
        bob = page.browser()
        assert 'href="/hub/reset-password">Reset a password</a>' in (await bob.send(**PAGE)).body.decode()
        code, text = await make(bob)
        assert code == 200
        found = LINK.search(text)
        assert found
        assert links.find(tmp_path / "links", found[1]).name == "alice"
        assert found[1] not in (await bob.send(**PAGE)).body.decode()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("person", "password", "code", "words"),
    [
        ("carol", "", 403, "members of your groups only"),
        ("alice", "wrong", 403, "Your own password is not right."),
        ("", "", 400, "Type a name"),
        ("<b>x", "", 403, "members of your groups only"),
        ("x" * 300, "", 400, "Type a name"),
    ],
)
def test_what_is_refused_is_said(page, tmp_path, person, password, code, words):
    found, text = asyncio.run(make(page.browser(), person, password))
    assert (found, LINK.search(text)) == (code, None)
    assert words in text
    assert "<b>" not in text.partition("<h1")[2]
    assert list((tmp_path / "links").iterdir()) == []


def test_others_have_no_such_page(page):
    """Alice administers the hub, but opens nobody's server."""

    async def go() -> None:
        for settings in (page.door.hub_settings, replace(SETTINGS, teachers={})):
            page.door.hub_settings = settings
            who = page.browser("alice" if settings.teachers else "bob")
            assert (await who.send(**PAGE)).code == 403
            own = await who.send()
            assert "reset-password" not in own.body.decode()
            form = {"person": "alice", "password": "right", "_xsrf": who.cookies["_xsrf"]}
            assert (await who.send("POST", **PAGE, **form)).code == 403
        page.door.hub_settings = replace(SETTINGS, admin_access=True)
        assert (await page.browser("alice").send(**PAGE)).code == 200

    asyncio.run(go())


def test_wrong_passwords_count_as_failed_logins(page):
    async def go() -> None:
        codes = [(await make(page.browser(), password=f"guess {number}"))[0] for number in range(6)]
        assert codes == [403] * 5 + [429]
        assert page.door.attempts.begin("bob", "127.0.0.1", time.monotonic()) > 0, "the login waits too"

    asyncio.run(go())


def test_only_a_form_of_this_browsers_session_does_it(page):
    async def go() -> None:
        form = {"person": "alice", "password": "right"}
        bob, by_token = page.browser(), {"Authorization": f"token {page.token}"}
        await bob.send(**PAGE)
        assert (await bob.send("POST", **PAGE, **form)).code == 403, "without the form's token"
        nobody = page.browser()
        nobody.cookies.clear()
        assert (await nobody.send("GET", by_token, **PAGE)).code == 302
        assert (await nobody.send("POST", by_token, **PAGE, **form)).code == 403

    asyncio.run(go())


def test_a_helper_that_is_away(page):
    page.helper.up = False
    code, text = asyncio.run(make(page.browser()))
    assert (code, "cannot be changed at the moment" in text) == (503, True)
