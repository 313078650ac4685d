"""The page of people's servers: who sees which, who may stop one, and what it says of each."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub import orm, roles
from jupyterhub.auth import Authenticator

from fakes import hub_site
from hubinstall import layout
from hubinstall.hubside import cgroups, home_use, meter, present, servers_page, teachers
from hubinstall.hubside.container_use import Use
from hubinstall.hubside.meter import Measured, Meter
from hubinstall.hubside.servers_page import total

MIB = 1 << 20
STARTED = datetime.fromisoformat("2026-11-30 06:00")
"""As JupyterHub reads it from its database."""
PEOPLE = ("ada", "prof", "joan", "grace", layout.PROBE_USER)
COURSE = {"name": "hubinstall-teachers-course", "scopes": ["admin-ui", *(f"{r}!group=course" for r in teachers.RIGHTS)]}


class Site:
    """Everybody's server runs; ada is the administrator, prof teaches course, and only joan is in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db = hub_site.database()
        self.db.add(orm.Group(name="course"))
        self.rows = {name: self._person(name) for name in PEOPLE}
        roles.create_role(self.db, COURSE)
        roles.grant_role(self.db, self.rows["prof"], COURSE["name"])
        self.rows["joan"].groups.append(orm.Group.find(self.db, "course"))
        self.db.commit()
        self.application = hub_site.application(self.db, Authenticator(), servers_page.HANDLERS)
        self.stopped: list[tuple[str, str]] = []
        for number, name in enumerate(PEOPLE):
            self._runs(self.application.settings["users"][name], number)
        monkeypatch.setattr(present, "IMAGES", present.Images())
        monkeypatch.setattr(layout, "HOME_USE", "/nonexistent")
        monkeypatch.setattr(present.METER, "read", lambda _: self.measured)
        self.measured = {f"{n:064x}": Measured(Use(n * 100 * MIB, 1024 * MIB, 9.0), n / 2, 0.0) for n in range(4)}
        monkeypatch.setattr(servers_page.ServersHandler, "stop_single_user", self._stop)

    def _person(self, name: str) -> orm.User:
        row = orm.User(name=name, admin=name == "ada")
        self.db.add(row)
        roles.assign_default_roles(self.db, entity=row)
        self.db.commit()
        return row

    def _runs(self, user: Any, number: int) -> None:
        row = orm.Spawner(name="", user=user.orm_user, started=STARTED, last_activity=None)
        self.db.add(row)
        self.db.commit()

        async def docker(verb: str) -> list[dict[str, str]]:
            assert verb == "containers"
            return [{"Id": f"{each:064x}", "Image": f"image:{each}"} for each in range(len(PEOPLE))]

        user.spawners[""] = SimpleNamespace(
            user=user, name="", orm_spawner=row, active=True, ready=True, pending=None, image="of-the-next:1",
            object_id=f"{number:064x}", docker=docker,
        )  # fmt: skip

    async def _stop(self, user: Any, server: str) -> None:
        self.stopped.append((user.name, server))

    def browser(self, name: str) -> hub_site.Browser:
        return hub_site.Browser(self.application, self.rows[name], "servers")

    def seen(self, name: str, query: str = "") -> tuple[int, str]:
        answer = asyncio.run(self.browser(name).send(query=query))
        return answer.code, answer.body.decode()

    def stop(self, by: str, whose: str, *, xsrf: bool = True) -> int:
        async def go() -> int:
            browser = self.browser(by)
            await browser.send()
            token = {"_xsrf": browser.cookies["_xsrf"]} if xsrf else {}
            return (await browser.send("POST", user=whose, server="", **token)).code

        return asyncio.run(go())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


def people(html: str) -> list[str]:
    return [part.partition('"')[0] for part in html.split('data-person="')[1:]]


def test_an_administrator_sees_everybody_with_the_most_memory_first_and_not_the_probe(site: Site) -> None:
    code, html = site.seen("ada")
    assert (code, people(html)) == (200, ["grace", "joan", "prof", "ada"])
    assert "300M of 1.0G" in html
    assert "image:3" in html
    assert '<p id="total">4 servers: 600M of memory, 3.00 cores</p>' in html
    assert html.count('type="submit"') == 4


def test_homes_stand_beside_their_quotas_where_these_are_known(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert 'end">Home<' not in site.seen("ada")[1]
    monkeypatch.setattr(layout, "HOME_USE", str(tmp_path / "home-use.json"))
    home_use.tell({"grace": (512 * MIB, 2048 * MIB), "nobody-here": (1, 2)})
    assert 'end">Home<' in site.seen("ada")[1]
    assert "512M of 2.0G" in site.seen("ada")[1]
    assert 'end">Home<' not in site.seen("prof")[1], "grace is not in the course"


def test_a_teacher_sees_the_own_server_and_those_of_the_class(site: Site) -> None:
    code, html = site.seen("prof")
    assert (code, people(html)) == (200, ["joan", "prof"])
    assert "grace" not in html


def test_the_script_gets_the_table_alone(site: Site) -> None:
    code, html = site.seen("prof", "?table")
    assert (code, people(html)) == (200, ["joan", "prof"])
    assert "<html" not in html


@pytest.mark.parametrize("name", ["joan", "grace"])
def test_others_see_no_page_and_no_link_to_it(site: Site, name: str) -> None:
    code, html = site.seen(name)
    assert (code, people(html)) == (403, [])
    assert "/hub/servers" not in html
    assert "/hub/servers" in site.seen("prof")[1]


def test_without_a_session_one_is_led_to_the_login(site: Site) -> None:
    browser = site.browser("ada")
    browser.cookies.clear()
    answer = asyncio.run(browser.send())
    assert (answer.code, answer.headers["Location"].partition("?")[0]) == (302, "/hub/login")


@pytest.mark.parametrize(
    ("by", "whose", "code"),
    [
        ("ada", "grace", 303), ("prof", "joan", 303), ("prof", "grace", 404), ("prof", "nobody", 404),
        ("joan", "joan", 403), ("ada", layout.PROBE_USER, 404),
    ],
)  # fmt: skip
def test_a_server_is_stopped_by_those_who_may(site: Site, by: str, whose: str, code: int) -> None:
    assert site.stop(by, whose) == code
    assert site.stopped == ([(whose, "")] if code == 303 else [])


def test_no_other_site_can_press_the_button(site: Site) -> None:
    assert site.stop("ada", "grace", xsrf=False) == 403
    assert site.stopped == []


def test_one_that_is_starting_is_not_stopped(site: Site) -> None:
    site.application.settings["users"]["grace"].spawners[""].pending = "spawn"
    assert site.stop("ada", "grace") == 409
    html = site.seen("ada")[1]
    assert "<td>starting</td>" in html
    assert html.count('type="submit"') == 3


def test_a_server_of_another_spawner_or_with_a_docker_that_is_away_is_there_without_figures(site: Site) -> None:
    async def away(_: str) -> None:
        raise ConnectionError

    users = site.application.settings["users"]
    del users["joan"].spawners[""].object_id
    for name in PEOPLE:
        users[name].spawners[""].docker = away
    _, html = site.seen("ada")
    assert people(html) == ["grace", "prof", "ada", "joan"]
    assert html.count("of-the-next:1") == 4


def test_nobody(site: Site) -> None:
    for name in PEOPLE:
        site.application.settings["users"][name].spawners[""].active = False
    assert 'id="nobody"' in site.seen("ada")[1]
    assert total([]) == "0 servers: 0M of memory, 0.00 cores"


def test_started_is_in_utc_in_jupyterhubs_database(site: Site) -> None:
    spawner = site.application.settings["users"]["ada"].spawners[""]
    assert present.described(spawner, None, "").started == STARTED.replace(tzinfo=UTC).timestamp()


class Groups:
    """Control groups as files, a meter, and its clock."""

    def __init__(self, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.top = tmp_path / "hubinstall-users"
        monkeypatch.setattr(cgroups, "HIERARCHIES", (str(tmp_path),))
        monkeypatch.setattr(cgroups, "MOUNTED", str(tmp_path))
        self.now = 1000.0
        self.meter = Meter(lambda: self.now)

    def has_used(self, number: int, usec: int) -> str:
        """The id of this container."""
        folder = self.top / f"{number:064x}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.current").write_text(f"{5 * MIB}\n")
        (folder / "cpu.stat").write_text(f"usage_usec {usec}\n")
        return folder.name

    def look(self, number: int, usec: int) -> Measured:
        id_ = self.has_used(number, usec)
        return self.meter.read([id_])[id_]


def test_cores_are_the_processor_time_since_the_look_before(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups(tmp_path, monkeypatch)
    assert groups.look(1, 1_000_000) == Measured(Use(5 * MIB, 0, 1.0), 0.0, 1000.0)
    groups.now += 1
    assert groups.look(1, 9_000_000).use.cpu == 1.0, "a moment later it is not read again"
    groups.now += 9
    assert groups.look(1, 6_000_000).cores == 0.5
    groups.now -= 500
    assert groups.look(1, 7_000_000).cores == 0.0, "a clock that was set back"
    assert groups.meter.read([f"{2:064x}"]) == {}
    assert meter.names(str(tmp_path / "none")) == []


def test_a_look_at_few_takes_no_figures_from_a_look_at_more(tmp_path, monkeypatch):
    """A teacher's page, and within two seconds an administrator's."""
    groups = Groups(tmp_path, monkeypatch)
    one, two = (groups.has_used(number, 1_000_000) for number in (1, 2))
    assert groups.meter.read([one]).keys() == {one}
    groups.now += 1
    assert groups.meter.read([one, two]).keys() == {one, two}
    groups.now += 10
    assert groups.meter.read([one]).keys() == {one}
    groups.has_used(2, 6_000_000)
    groups.now += 10
    assert groups.meter.read([one, two])[two].cores == 0.25
    groups.now += meter.FORGOTTEN
    groups.meter.read([one])
    assert groups.meter.last.keys() == {one}
