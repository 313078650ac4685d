"""The page to change one's own password: JupyterHub's real handlers, cookies and database; only PAM is ours."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from jupyterhub import orm

from fakes import hub_pages
from fakes.hub_installation import PEOPLE
from fakes.password_pages import NEW, with_page
from hubinstall.accounts_helper import pam


@pytest.fixture
def page(tmp_path, monkeypatch):
    return with_page(tmp_path, monkeypatch)


def test_it_changes_the_password_and_ends_all_but_this_session_and_the_server(page):
    async def go() -> None:
        here, elsewhere = page.browser(), page.browser()
        assert page.notes() == {"of a program", "Server at /user/bob/"}
        page.db.add(orm.OAuthCode(code="under way", client_id="jupyterhub", user=page.rows["bob"]))
        code, text = await here.change()
        assert (code, page.passwords["bob"]) == (200, NEW)
        assert 'id="changed"' in text
        assert (await here.send()).code == 200
        again = await elsewhere.send()
        assert (again.code, again.headers["Location"]) == (302, "/hub/login?next=%2Fhub%2Fpassword")
        assert page.notes() == {"Server at /user/bob/"}
        assert page.db.query(orm.OAuthCode).count() == 0
        assert page.stopped == []
        assert page.notes("alice") == {"of a program", "Server at /user/alice/"}
        assert page.door.people.change(PEOPLE["bob"]) is None, "the watch has nothing to end"
        assert (await here.change(NEW, "four-other-words-1"))[0] == 200, "with the token of the new session"

    asyncio.run(go())


def test_a_change_by_others_still_ends_all(page):
    """Also one that comes right after it."""

    async def go() -> None:
        here = page.browser()
        await here.change()
        page._set("", "bob", "", "set by an administrator")
        assert "was changed" in str(page.door.people.change(PEOPLE["bob"]))
        assert (await here.send()).code == 302

    asyncio.run(go())


def test_while_it_is_being_changed_the_watch_ends_nothing(page, monkeypatch):
    async def go() -> None:
        set_it = page._set

        def and_look(*arguments: str) -> str:
            set_it(*arguments)
            seen.append(page.door.people.change(PEOPLE["bob"]))
            return ""

        seen: list[str | None] = []
        monkeypatch.setattr(pam, "change", and_look)
        assert (await page.browser().change())[0] == 200
        assert seen == [None]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"password": "wrong"}, 403, "The current password is not right."),
        ({"again": "another-one"}, 400, "The new passwords differ."),
        ({"new": "short"}, 400, "has 5 characters, and needs 8"),
        ({"password": "x" * 5000}, 400, "A password is too long"),
    ],
)
def test_what_is_refused_is_said_and_nothing_ends(page, given, code, words):
    async def go() -> None:
        here, elsewhere = page.browser(), page.browser()
        found, text = await here.change(**given)
        assert (found, page.passwords["bob"]) == (code, "right")
        assert words in text
        assert "x" * 100 not in text, "what was typed is not on the page"
        assert (await elsewhere.send()).code == 200
        assert page.notes() == {"of a program", "Server at /user/bob/"}

    asyncio.run(go())


def test_the_same_one_again_and_a_helper_that_is_away(page):
    async def go() -> None:
        page.passwords["bob"] = "long-enough"
        page._write()
        here = page.browser()
        page.door.people.remember(PEOPLE["bob"])
        assert "is the same as the current one" in (await here.change("long-enough", "long-enough"))[1]
        page.helper.up = False
        for _ in range(10):
            code, text = await here.change("long-enough")
            assert (code, "cannot be changed at the moment" in text) == (503, True)
        page.helper.up = True
        assert (await here.change("long-enough"))[0] == 200, "that was no guess"

    asyncio.run(go())


def test_wrong_ones_count_as_failed_logins(page):
    async def go() -> None:
        here = page.browser()
        codes = [(await here.change(f"guess {number}"))[0] for number in range(5)]
        code, text = await here.change()
        assert codes == [403] * 5
        assert (code, "Too many failed logins" in text) == (429, True)
        assert page.door.attempts.begin("bob", "127.0.0.1", time.monotonic()) > 0, "the login waits too"

    asyncio.run(go())


def test_only_a_form_of_this_browsers_session_does_it(page):
    form = {"password": "right", "new": NEW, "again": NEW}
    by_token = {"Authorization": f"token {page.token}"}

    async def go() -> None:
        here = page.browser()
        await here.send()
        assert (await here.send("POST", **form)).code == 403, "without the form's token"
        assert (await here.send("POST", **form, _xsrf="x" + here.cookies["_xsrf"][1:])).code == 403
        foreign, mine = page.browser("alice"), here.cookies["_xsrf"]
        assert (await foreign.send("POST", **form, _xsrf=mine)).code == 403, "another person's token"
        nobody = page.browser()
        nobody.cookies.clear()
        assert (await nobody.send("GET", by_token)).code == 302
        assert (await nobody.send("POST", by_token, **form)).code == 403
        assert (await nobody.send("POST", by_token, **form, _xsrf=mine)).code == 403
        assert page.passwords == {"alice": "right", "bob": "right"}

    asyncio.run(go())


def test_the_server_ends_if_that_is_asked_for(page):
    asyncio.run(page.browser().change(stop="yes"))
    assert page.stopped == ["bob"]


def test_a_directorys_account_is_not_offered_a_change(page, tmp_path):
    async def go() -> None:
        (tmp_path / "passwd").write_text("")
        page.passwords.pop("bob")
        page._write()
        page.door.people.remember(PEOPLE["bob"])
        text = (await page.browser().send()).body.decode()
        assert 'id="elsewhere"' in text
        assert 'href="/hub/password"' not in text
        assert (await page.browser().change())[0] == 403

    asyncio.run(go())


def test_the_link_is_there_for_people_of_this_machine(page):
    text = asyncio.run(page.browser().send()).body.decode()
    assert 'href="/hub/password">Password</a>' in text
    others = SimpleNamespace(name="bob", json_escaped_name="bob", authenticator=SimpleNamespace(), spawner=None)
    assert "/hub/password" not in hub_pages.page("error.html", user=others, no_spawner_check=True, status_code=400)
