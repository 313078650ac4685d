"""`hubinstall top`: what it says of each server is what hub, Docker and kernel say, and reading it is cheap."""

import json
import time
from types import SimpleNamespace

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import top
from hubinstall.hubside import cgroups, container_use
from hubinstall.hubside.container_use import Use
from hubinstall.hubside.quantities import ago, size
from hubinstall.settings.model import Settings
from hubinstall.verify import servers_now
from hubinstall.verify.http_probe import Answer
from hubinstall.verify.servers_now import found

MIB = 1 << 20
NOW = 1_800_000_000.0
STARTED = "2027-01-15T07:00:00.000000Z"
V2 = f"{cgroups.MOUNTED}/hubinstall.slice/hubinstall-users.slice"
V1 = "hubinstall-users"


def container(number: int, person: str, server: str = "") -> dict:
    labels = {layout.USER_LABEL: person, layout.SERVER_LABEL: server}
    return {"Id": f"{number:064x}", "Image": "hubinstall/default:1", "Created": NOW - 60, "Labels": labels}


def in_version_2(host: FakeHost, number: int, *, memory: int = 300, limit: str = "max") -> None:
    folder = f"{V2}/docker-{number:064x}.scope"
    host.put(f"{folder}/memory.current", f"{memory * MIB}\n")
    host.put(f"{folder}/memory.stat", "".join(f"{name} 1\n" for name in "abcdefghijklmnopqrstuvwxyz" * 2))
    with host.path(f"{folder}/memory.stat").open("a") as file:
        file.write(f"inactive_file {100 * MIB}\n")
    host.put(f"{folder}/memory.max", f"{limit}\n")
    host.put(f"{folder}/cpu.stat", "usage_usec 1500000\nuser_usec 1\n")


def in_version_1(host: FakeHost, number: int) -> None:
    memory, cpu = (f"{cgroups.MOUNTED}/{one}/{V1}/{number:064x}" for one in ("memory", "cpuacct"))
    host.put(f"{memory}/memory.usage_in_bytes", f"{300 * MIB}\n")
    host.put(f"{memory}/memory.stat", f"inactive_file 0\ntotal_inactive_file {100 * MIB}\n")
    host.put(f"{memory}/memory.limit_in_bytes", f"{512 * MIB}\n")
    host.put(f"{cpu}/cpuacct.usage", "1500000000\n")


@pytest.fixture
def host(tmp_path, monkeypatch) -> FakeHost:
    """Two of grace's servers, ada's, and the probe's."""
    there = [container(1, "grace"), container(2, "grace", "big"), container(3, "ada"),
             container(4, layout.PROBE_USER)]  # fmt: skip
    host = FakeHost(tmp_path, {"GET /containers/json": json.dumps(there)})
    host.put(layout.DOCKER_SOCKET, "")
    host.put(layout.LEDGER, "{}")
    for number, memory in ((1, 300), (2, 900), (3, 301), (4, 999)):
        in_version_2(host, number, memory=memory, limit=str(1024 * MIB) if number != 3 else "max")
    active = {"ready": True, "pending": None, "started": STARTED, "last_activity": STARTED}
    people = [
        {"name": "grace", "servers": {"": active, "big": active | {"ready": False, "pending": "spawn"}}},
        {"name": "ada", "servers": {"": active}}, {"name": layout.PROBE_USER, "servers": {"": active}},
    ]  # fmt: skip
    monkeypatch.setattr(servers_now, "of_hub", lambda *_, **__: Answer(200, "", people))
    monkeypatch.setattr(FakeHost, "wait", lambda *_: None)
    return host


def test_each_server_is_there_with_the_most_memory_first_and_without_the_probe(host):
    seen = found(host, Settings())
    assert [(one.person, one.server, one.state) for one in seen.servers] == [
        ("grace", "big", "starting"), ("ada", "", "ready"), ("grace", "", "ready"),
    ]  # fmt: skip
    assert [one.memory // MIB for one in seen.servers] == [800, 201, 200]
    assert [one.memory_limit // MIB for one in seen.servers] == [1024, 0, 1024]
    first = seen.servers[0]
    assert (first.started, first.last_activity, first.home) == (NOW - 3600, NOW - 3600, None)
    assert seen.notes == ()


def test_cores_are_the_processor_time_between_two_looks(host, monkeypatch):
    clock = [100.0]

    def work(self, seconds):
        self.put(f"{V2}/docker-{1:064x}.scope/cpu.stat", "usage_usec 2000000\n")
        clock[0] += seconds

    monkeypatch.setattr(FakeHost, "wait", work)
    monkeypatch.setattr(servers_now, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    used = {one.server or one.person: one.cpu for one in found(host, Settings(), seconds=0.25).servers}
    assert used["grace"] == 2
    assert used["big"] == used["ada"] == 0


def test_both_versions_of_control_groups_are_read(tmp_path):
    host = FakeHost(tmp_path)
    in_version_1(host, 7)
    in_version_2(host, 8, limit=str(512 * MIB))
    ids = [f"{number:064x}" for number in (7, 8, 9)]
    there = container_use.folders(host.names, ids)
    assert there.keys() == set(ids[:2])
    for both in there.values():
        used = container_use.use(*(str(host.path(folder)) for folder in both))
        assert used == Use(200 * MIB, 512 * MIB, 1.5)


def test_what_ended_meanwhile_uses_nothing(tmp_path):
    assert container_use.use(str(tmp_path / "gone"), str(tmp_path / "gone")) == Use()


def test_a_hub_or_a_docker_that_does_not_answer_is_said(host, monkeypatch, capsys):
    monkeypatch.setattr(servers_now, "of_hub", lambda *_, **__: Answer(0, "no answer at 10.99.0.1:8081"))
    seen = found(host, Settings())
    assert {one.state for one in seen.servers} == {"unknown"}
    assert seen.servers[0].started == NOW - 60
    assert seen.notes == (
        "the hub does not list the servers, so their states are unknown: no answer at 10.99.0.1:8081",
    )
    host.answers.pop("GET /containers/json")
    assert top.top(host, as_json=False) == 1
    assert "note: Docker does not answer" in capsys.readouterr().err


def test_more_people_than_one_page_of_the_hubs(host, monkeypatch):
    everyone = [{"name": f"p{number}", "servers": {}} for number in range(450)]
    asked = []

    def answer(settings, path, token):
        asked.append(path)
        begin = int(path.partition("offset=")[2].partition("&")[0])
        return Answer(200, "", everyone[begin : begin + servers_now.PAGE])

    monkeypatch.setattr(servers_now, "of_hub", answer)
    assert len(list(servers_now._users(host, Settings(), []))) == 450
    assert len(asked) == 3


def test_people_read_a_table_and_programs_json(host, capsys, monkeypatch):
    monkeypatch.setattr(top.time, "time", lambda: NOW)
    assert top.top(host, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["PERSON", "SERVER", "STATE", "SINCE", "CPU", "MEMORY", "ACTIVE", "IMAGE"]
    assert lines[1].split()[:3] == ["grace", "big", "starting"]
    assert "800M of 1.0G  60 min ago  hubinstall/default:1" in lines[1]
    assert lines[-1] == "3 servers: 1.2G of memory, 0.00 cores"
    top.top(host, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert [one["person"] for one in data["servers"]] == ["grace", "ada", "grace"]
    assert data["notes"] == []
    host.answers["GET /containers/json"] = "[]"
    assert top.top(host, as_json=False) == 0
    assert capsys.readouterr().out == "Nobody's server is running.\n"


def test_a_name_cannot_move_the_cursor(host, capsys):
    host.answers["GET /containers/json"] = json.dumps([container(1, "grace", "\x1b[2J\u202eevil")])
    top.top(host, as_json=False)
    assert "\\x1b[2J\\x202eevil" in capsys.readouterr().out


def test_reading_a_hundred_servers_takes_less_than_5_ms(tmp_path):
    """Processor time for files of the kernel's size, in the page cache; the fastest of ten."""
    host = FakeHost(tmp_path)
    ids = [f"{number:064x}" for number in range(100)]
    for number in range(100):
        in_version_2(host, number)

    def once() -> float:
        begun = time.process_time()
        there = container_use.folders(host.names, ids)
        for memory, cpu in there.values():
            container_use.use(f"{tmp_path}{memory}", f"{tmp_path}{cpu}")
        assert len(there) == 100
        return time.process_time() - begun

    assert min(once() for _ in range(10)) < 0.005


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (59, "now"), (61, "1 min ago"), (7199, "120 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")],
)
def test_how_long_since(seconds, words):
    assert ago(seconds) == words


def test_sizes_have_one_unit():
    assert (size(0), size(1023 * MIB), size(1536 * MIB)) == ("0M", "1023M", "1.5G")
