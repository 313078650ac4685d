"""The history of use: sums that add up, whatever restarts, and that end after 90 days."""

import asyncio
import json
import logging
import sqlite3
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub import orm
from jupyterhub.auth import Authenticator

from fakes import hub_site
from hubinstall import layout
from hubinstall.hubside import cgroups, history, present, use_api
from hubinstall.hubside.history import DAY, HOUR, KEPT, History, Sample, Sum
from hubinstall.hubside.meter import Meter
from hubinstall.hubside.use_api import Watch, look

MIB = 1 << 20
NOON = 1_795_003_200.0
"""A full hour."""


def sample(at: float, cpu: float, *, memory: int = MIB, who: str = "grace", container: str = "a") -> Sample:
    return Sample(container, who, NOON - 10_000, at, cpu, memory)


@pytest.fixture
def kept(tmp_path) -> History:
    return History(tmp_path / "use.sqlite")


def rows(one: History) -> list[tuple[int, str, float, float, int]]:
    """Hours from noon on."""
    return [
        (int((s.begin - NOON) // HOUR), s.person, round(s.seconds, 3), round(s.cpu, 3), s.memory)
        for s in one.sums(0, HOUR)
    ]


def test_each_hour_has_its_part_and_the_most_memory(kept: History) -> None:
    kept.add([sample(NOON, 5), sample(NOON, 1, container="b", memory=2 * MIB)])
    kept.add([sample(NOON + 3000, 25), sample(NOON + 3000, 2, container="b")])
    kept.add([sample(NOON + 4200, 37)])
    kept.keep(NOON + 4200)
    assert rows(kept) == [(0, "grace", 6600.0, 27.0, 3 * MIB), (1, "grace", 600.0, 6.0, MIB)]
    assert kept.sums(0, DAY) == [Sum(int(NOON // DAY * DAY), "grace", 7200.0, pytest.approx(33.0), 3 * MIB)]
    assert kept.sums(NOON + HOUR, HOUR)[0].begin == NOON + HOUR


def test_a_restart_counts_nothing_twice_and_what_ran_meanwhile(kept: History, tmp_path) -> None:
    kept.add([sample(NOON, 100)])
    kept.add([sample(NOON + 60, 130)])
    kept.keep(NOON + 60)
    kept.add([sample(NOON + 75, 999)])  # seen, but the hub was killed before it was written down
    again = History(tmp_path / "use.sqlite")
    again.add([sample(NOON + 600, 400)])
    again.keep(NOON + 600)
    assert rows(again) == [(0, "grace", 600.0, 300.0, MIB)]


def test_a_new_server_counts_from_its_start_and_an_old_one_from_when_it_is_seen(kept: History) -> None:
    kept.add([Sample("a", "grace", NOON - 10, NOON, 3, 0), Sample("b", "ada", NOON - 999, NOON, 500, 0)])
    kept.keep(NOON)
    assert [(s.person, s.seconds, s.cpu) for s in kept.sums(0, HOUR) if s.seconds] == [("grace", 10, 3)]


def test_a_clock_that_is_set_back_takes_nothing_away(kept: History) -> None:
    for at, cpu in ((NOON, 10), (NOON + 60, 20), (NOON - 500, 30), (NOON - 440, 40)):
        kept.add([sample(at, cpu)])
    kept.keep(NOON)
    assert sum(s.seconds for s in kept.sums(0, HOUR)) == 120
    assert sum(s.cpu for s in kept.sums(0, HOUR)) == pytest.approx(20)


def test_what_is_older_than_90_days_goes(kept: History) -> None:
    for at in (NOON, NOON + 60):
        kept.add([sample(at, 1)])
    kept.keep(NOON)
    assert len(rows(kept)) == 1
    kept.add([sample(NOON + KEPT + HOUR + 60, 2)])
    kept.keep(NOON + KEPT + HOUR + 60)
    assert min(s.begin for s in kept.sums(0, HOUR)) > NOON


def test_a_full_disk_loses_nothing(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.add([sample(NOON, 1)])
    kept.add([sample(NOON + 60, 5)])
    with monkeypatch.context() as full:
        full.setattr(history, "_ADD", "INSERT INTO nowhere VALUES (?, ?, ?, ?, ?)")
        with pytest.raises(sqlite3.Error):
            kept.keep(NOON)
    kept.add([sample(NOON + 120, 6)])
    kept.keep(NOON)
    assert rows(kept) == [(0, "grace", 120.0, 5.0, MIB)]


def test_without_servers_nothing_is_written(kept: History, tmp_path) -> None:
    kept.add([])
    kept.keep(NOON)
    assert kept.sums(0, HOUR) == []
    assert list(tmp_path.iterdir()) == []
    for at in (NOON, NOON + 60):
        kept.add([sample(at, 1)])
    kept.add([])
    kept.keep(NOON)
    written = (tmp_path / "use.sqlite").stat().st_mtime_ns
    kept.add([])
    kept.keep(NOON)
    assert (tmp_path / "use.sqlite").stat().st_mtime_ns == written


def test_a_hundred_people_for_90_days_need_less_than_20_mb(kept: History, tmp_path) -> None:
    people = [f"student-of-course-{number}" for number in range(100)]
    begin = int(NOON - KEPT)
    kept._new = {
        (begin + hour * HOUR, person): (3600.0, 1234.5678, 987_654_321) for hour in range(90 * 24) for person in people
    }
    kept._changed = True
    kept.keep(NOON)
    assert len(kept.sums(0, DAY)) == 91 * 100
    assert (tmp_path / "use.sqlite").stat().st_size < 20 * MIB


class Hub:
    """A hub with this many servers, whose control groups are files."""

    def __init__(self, tmp_path, monkeypatch: pytest.MonkeyPatch, servers: int) -> None:
        self.groups = tmp_path / "groups" / "hubinstall-users"
        monkeypatch.setattr(cgroups, "MOUNTED", str(tmp_path / "groups"))
        monkeypatch.setattr(present, "METER", Meter())
        self.history = History(tmp_path / "use.sqlite")
        monkeypatch.setattr(use_api, "HISTORY", self.history)
        self.said: list[str] = []
        self.log = SimpleNamespace(
            warning=lambda *words: self.said.append(words[0] % words[1:]), exception=self._failed
        )
        self.users = {number: self._user(number) for number in range(servers)}

    def _failed(self, words: str) -> None:
        raise AssertionError(words)

    def _user(self, number: int) -> Any:
        user, id_ = SimpleNamespace(name=f"person-{number}", spawners={}), f"{number:064x}"
        row = SimpleNamespace(started=datetime.now(UTC))
        user.spawners[""] = SimpleNamespace(user=user, active=True, orm_spawner=row, object_id=id_)
        folder = self.groups / id_
        folder.mkdir(parents=True)
        (folder / "memory.current").write_text(f"{300 * MIB}\n")
        (folder / "memory.stat").write_text("".join(f"{letter * 8} 1\n" for letter in "abcdefghijklmn" * 3))
        (folder / "memory.max").write_text("max\n")
        (folder / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
        return user


def test_a_look_at_a_hundred_servers_takes_less_than_5_ms(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time, with the sums; the fastest of ten."""
    hub = Hub(tmp_path, monkeypatch, 100)

    def once() -> float:
        monkeypatch.setattr(present, "METER", Meter())
        begun = time.process_time()
        look(hub.users.values())
        return time.process_time() - begun

    times = [once() for _ in range(10)]
    hub.history.keep(time.time())
    assert len(hub.history.sums(0, DAY)) == 100
    assert min(times) < 0.005


def run_for_a_moment(watch: Watch) -> None:
    async def go() -> None:
        task = asyncio.create_task(watch.watch())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())


def test_what_was_seen_last_is_written_down_when_the_hub_ends(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(tmp_path, monkeypatch, 2)
    run_for_a_moment(Watch(hub, keeps=True))
    assert [s.cpu for s in hub.history.sums(0, DAY)] == [1.5, 1.5]


def test_switched_off_it_is_deleted_and_servers_are_still_measured(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(tmp_path, monkeypatch, 2)
    run_for_a_moment(Watch(hub, keeps=True))
    run_for_a_moment(Watch(hub, keeps=False))
    assert not (tmp_path / "use.sqlite").exists()
    assert len(present.METER.last) == 2


def test_a_damaged_file_is_put_aside_and_said(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(tmp_path, monkeypatch, 1)
    (tmp_path / "use.sqlite").write_text("no database " * 100)
    run_for_a_moment(Watch(hub, keeps=True))
    assert (tmp_path / "use.damaged").exists()
    assert "file is not a database" in hub.said[0]
    run_for_a_moment(Watch(hub, keeps=True))
    assert len(hub.history.sums(0, DAY)) == 1


def test_only_the_installers_own_service_is_told(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(tmp_path, monkeypatch, 1)
    hub.history.add([sample(time.time(), 1)])
    hub.history.add([sample(time.time() + 1, 2)])
    db = hub_site.database()
    ada = orm.User(name="ada", admin=True)
    services = {name: orm.Service(name=name) for name in (layout.VERIFY_SERVICE, "another")}
    db.add_all([ada, *services.values()])
    db.add(orm.Role(name="reads", scopes=["read:servers"], services=list(services.values()), users=[ada]))
    db.commit()
    application = hub_site.application(db, Authenticator(), use_api.HANDLERS, log=logging.getLogger("x"))

    def told(owner: Any, query: str) -> tuple[int, Any]:
        browser = hub_site.Browser(application, ada, "api/use")
        browser.cookies.clear()
        token = owner.new_api_token()
        answer = asyncio.run(browser.send(query=query, headers={"Authorization": f"token {token}"}))
        return answer.code, json.loads(answer.body)

    code, found = told(services[layout.VERIFY_SERVICE], f"?since={time.time() - 60:.0f}")
    assert (code, found["period"], found["sums"][0]["person"]) == (200, HOUR, "grace")
    assert told(services[layout.VERIFY_SERVICE], "?since=0")[1]["period"] == DAY
    assert told(services[layout.VERIFY_SERVICE], "?since=soon")[0] == 400
    assert told(services["another"], "?since=0")[0] == 403
    assert told(ada, "?since=0")[0] == 403
