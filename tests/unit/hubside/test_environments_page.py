"""The page of environments: who sees it, and what it says of the last build."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from jupyterhub import orm, roles
from jupyterhub.auth import Authenticator

from fakes import hub_site
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import environments_page, teachers
from hubinstall.hubside.build_output import Output
from hubinstall.hubside.environments import ServerEnvironment

COURSE = {"name": "hubinstall-teachers-course", "scopes": ["admin-ui", *(f"{r}!group=course" for r in teachers.RIGHTS)]}
STATS = ServerEnvironment("hubinstall/default/stats:1", "Statistics <101>", groups=("stats-101",))


class Site:
    """ada is the administrator, prof a teacher, and joan a student."""

    def __init__(self) -> None:
        self.db = hub_site.database()
        self.db.add(orm.Group(name="course"))
        self.rows = {name: self._person(name) for name in ("ada", "prof", "joan")}
        roles.create_role(self.db, COURSE)
        roles.grant_role(self.db, self.rows["prof"], COURSE["name"])
        self.db.commit()
        settings = replace(SETTINGS, environments={**SETTINGS.environments, "stats": STATS})
        pages = [(path, handler) for path, handler, _ in environments_page.handlers(settings)]
        self.application = hub_site.application(self.db, Authenticator(), [])
        rules = [(f"/hub{path}", handler, {"hub_settings": settings}) for path, handler in pages]
        self.application.add_handlers(".*", rules)

    def _person(self, name: str) -> orm.User:
        row = orm.User(name=name, admin=name == "ada")
        self.db.add(row)
        roles.assign_default_roles(self.db, entity=row)
        self.db.commit()
        return row

    def seen(self, name: str, query: str = "") -> tuple[int, str]:
        browser = hub_site.Browser(self.application, self.rows[name], "environments")
        answer = asyncio.run(browser.send(query=query))
        return answer.code, answer.body.decode()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    monkeypatch.setattr(layout, "BUILD_OUTPUT", str(tmp_path / "output"))
    return Site()


def test_an_administrator_sees_the_environments_and_that_none_was_built(site: Site) -> None:
    code, html = site.seen("ada")
    assert code == 200
    assert [part.partition('"')[0] for part in html.split('data-environment="')[1:]] == ["default", "stats"]
    assert "Statistics &lt;101&gt;" in html
    assert "<td>stats-101</td>" in html
    assert 'id="no-build"' in html
    assert "/hub/environments" in html


@pytest.mark.parametrize("name", ["prof", "joan"])
def test_nobody_else_sees_the_page_or_a_link_to_it(site: Site, tmp_path: Path, name: str) -> None:
    Output(tmp_path / "output", "stats").tell("from a build")
    for query in ("", "?build"):
        code, html = site.seen(name, query)
        assert code == 403
        assert "from a build" not in html
        assert "/hub/environments" not in html


def test_without_a_session_one_is_led_to_the_login(site: Site) -> None:
    browser = hub_site.Browser(site.application, site.rows["ada"], "environments")
    browser.cookies.clear()
    answer = asyncio.run(browser.send())
    assert (answer.code, answer.headers["Location"].partition("?")[0]) == (302, "/hub/login")


def test_what_a_build_prints_is_text_and_no_markup(site: Site, tmp_path: Path) -> None:
    output = Output(tmp_path / "output", "stats")
    output.tell("\x1b[32m</pre><script>alert(1)</script> https://evil.example")
    code, html = site.seen("ada", "?build")
    assert code == 200
    assert "<html" not in html
    assert 'data-state="running"' in html
    assert "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; https://evil.example</pre>" in html
    assert "<a " not in html
    output.end("'tinydb<5' <i>failed</i>")
    output.close()
    _, html = site.seen("ada")
    assert 'data-state="failed"' in html
    assert "&lt;i&gt;failed&lt;/i&gt;" in html


def test_how_it_ended_is_said(site: Site, tmp_path: Path) -> None:
    output = Output(tmp_path / "output", "stats")
    output.close()
    assert "ended without a word" in site.seen("ada")[1]
    output = Output(tmp_path / "output", "stats")
    output.end()
    assert "The environment stats was built." in site.seen("ada")[1]
