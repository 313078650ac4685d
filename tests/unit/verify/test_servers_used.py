"""`hubinstall top --since`: what the hub has written down, for people and for programs."""

import json

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import top
from hubinstall.errors import UserError
from hubinstall.report.used import print_used
from hubinstall.settings.model import Settings
from hubinstall.verify import servers_used
from hubinstall.verify.http_probe import Answer
from hubinstall.verify.servers_used import Total, Used, since

MIB = 1 << 20
SUMS = [
    {"begin": 3600, "person": "ada", "seconds": 3600.0, "cpu": 36.0, "memory": 300 * MIB},
    {"begin": 3600, "person": "grace", "seconds": 7200.0, "cpu": 3600.0, "memory": 900 * MIB},
    {"begin": 7200, "person": "grace", "seconds": 1800.0, "cpu": 0.0, "memory": 200 * MIB},
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []

    def answer(_: Settings, path: str, token: str = "") -> Answer:
        paths.append(path)
        return Answer(200, "", {"period": 3600, "sums": SUMS})

    monkeypatch.setattr(servers_used, "of_hub", answer)
    return paths


def test_each_person_has_one_line_the_most_processor_time_first(tmp_path, asked: list[str], capsys) -> None:
    used = since(FakeHost(tmp_path), Settings(), 0)
    assert asked == ["hub/api/use?since=0"]
    assert used.people == (Total("grace", 9000.0, 3600.0, 900 * MIB), Total("ada", 3600.0, 36.0, 300 * MIB))
    print_used(used)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "PERSON  HOURS  CPU HOURS  MOST MEMORY",
        "grace     2.5       1.00         900M",
        "ada       1.0       0.01         300M",
    ]
    assert lines[3].startswith("2 people since ")
    assert lines[3].endswith(": 3.5 hours of servers, 1.01 of processor time")


def test_programs_get_the_hours_too(tmp_path, asked: list[str], capsys) -> None:
    host = FakeHost(tmp_path)
    host.put(layout.LEDGER, "{}")
    assert top.history(host, "7d", as_json=True) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["person"] for one in data["people"]] == ["grace", "ada"]
    assert (data["period"], data["sums"]) == (3600, SUMS)
    assert len(asked) == 1


def test_nobody(capsys) -> None:
    print_used(Used(0.0, (), 3600, ()))
    assert capsys.readouterr().out.startswith("Nobody's server has run since ")


def test_what_is_no_time_or_not_kept_is_said(tmp_path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost(tmp_path)
    host.put(layout.LEDGER, "{}")
    with pytest.raises(UserError, match="--since soon: this is not a time"):
        top.history(host, "soon", as_json=False)
    off = Settings.model_validate({"services": {"history": {"enabled": False}}})
    with pytest.raises(UserError, match="no history is kept here"):
        since(host, off, 0)
    assert asked == []
    monkeypatch.setattr(servers_used, "of_hub", lambda *_, **__: Answer(0, "no answer at 10.99.0.1:8081"))
    with pytest.raises(UserError, match="the hub does not tell what was used: no answer at"):
        since(host, Settings(), 0)
