"""A build that takes too much of the disk, or goes on for ever, is ended and told."""

import json
import threading

import pytest

from fakes.host import FakeHost
from hubinstall.resources.docker import build_guard
from hubinstall.resources.docker.build_guard import guarded

GB = 1 << 30


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(build_guard, "EVERY", 0.01)
    killed = threading.Event()
    host = FakeHost(tmp_path, {
        "docker kill": lambda *_: (killed.set(), "")[1],
        "GET /info": json.dumps({"ServerVersion": "1", "DockerRootDir": "/var/lib/docker"}),
    })  # fmt: skip
    host.killed = killed
    return host


def test_what_is_written_must_fit_once_more():
    assert build_guard.has_room(10 * GB, 6 * GB)
    assert not build_guard.has_room(10 * GB, 5 * GB)


def test_a_build_that_fills_the_disk_is_ended(host, monkeypatch):
    left = iter([10 * GB, 10 * GB, 9 * GB, 9 * GB])
    monkeypatch.setattr(build_guard, "free", lambda _: next(left, 3 * GB))
    with guarded(host, "build", "/var/lib/x") as guard:
        assert host.killed.wait(30)
    assert guard.why == "it has written 7.5 GB, and needs the same again"
    assert "df -h" in guard.hint
    assert "docker kill build" in host.commands


def test_a_build_that_does_not_end_is_ended(host, monkeypatch):
    monkeypatch.setattr(build_guard, "LONGEST", 0.0)
    with guarded(host, "build", "/var/lib/x") as guard:
        assert host.killed.wait(30)
    assert guard.why == "it did not end within 0 hours"


@pytest.mark.parametrize("is_there", [True, False])
def test_one_whose_end_docker_has_missed_is_told(host, is_there):
    state = {"Running": True, "Pid": 4242}
    host.answers["GET /containers/build/json"] = json.dumps({"State": state})
    if is_there:
        (host.root / "proc/4242").mkdir(parents=True)
    with guarded(host, "build") as guard:
        assert host.killed.wait(0.5 if is_there else 30) != is_there
    assert guard.why == ("" if is_there else "Docker missed that their container has ended")
    assert host.questions.count("/containers/build/json") == (1 if is_there else 2)


def test_a_docker_that_does_not_answer_then_is_asked_again(host):
    answers = iter([0, 1, 1, 0])
    state = {"State": {"Running": True, "Pid": 4242}}
    host.answers["GET /containers/build/json"] = lambda *_: (next(answers, 0), json.dumps(state))
    with guarded(host, "build") as guard:
        assert host.killed.wait(30)
    assert guard.why == "Docker missed that their container has ended"


def test_one_that_ends_in_time_is_left_alone(host):
    with guarded(host, "build", "/var/lib/x") as guard:
        pass
    assert guard.why == ""
    assert not host.killed.is_set()
