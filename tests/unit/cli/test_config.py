"""`hubinstall config …` and the flags that are settings: each text is parsed once and checked once."""

from collections import Counter

import pytest
from ruamel.yaml import YAML

from fakes.installation import make
from fakes.resources import Silent
from hubinstall import layout
from hubinstall.cli import main as cli_main
from hubinstall.cli import session
from hubinstall.installation import desired_state
from hubinstall.settings.model import Settings

OLD = "# ours\nlimits: {memory: 1G}\nusers: {admin: [alice]}\n"
NEW = OLD.replace("1G", "2G")


class Counted(YAML):
    parsed: Counter[str]

    def parse(self, stream):
        self.parsed[stream] += 1
        return super().parse(stream)


class Report(Silent):
    """A report on paper: entered, told, and left."""

    aside = staticmethod(lambda *_: None)
    summary = say = phase = aside

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Runs a command line on a machine with OLD; says how often each text was parsed, and how often settings made."""
    world = make(tmp_path, monkeypatch)
    world.apply(OLD)
    monkeypatch.setattr(Counted, "parsed", Counter(), raising=False)
    monkeypatch.setattr("hubinstall.config.yaml.parser.YAML", Counted)
    monkeypatch.setattr(cli_main, "Host", lambda: world.host)
    monkeypatch.setattr(cli_main.prefetch, "begin", lambda _: None)
    monkeypatch.setattr(session.os, "geteuid", lambda: 0)
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(layout, "LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setattr(session, "make_report", lambda *_, **__: Report())
    monkeypatch.setattr(session, "advice", lambda *_: [])
    monkeypatch.setattr(session.nginx, "advice", lambda *_: [])
    monkeypatch.setattr(session, "people", lambda *_: [])
    monkeypatch.setattr(session, "welcome", lambda *_, **__: "")
    monkeypatch.setattr(desired_state, "gather", lambda *_: Facts())
    made = []
    real = Settings.model_validate
    monkeypatch.setattr(Settings, "model_validate", lambda data: made.append(data) or real(data))

    def call(line: str) -> tuple[dict[str, int], int]:
        assert cli_main.main(line.split()) == 0
        return dict(Counted.parsed), len(made)

    call.host = world.host
    return call


class Facts:
    uid_min = 1000


def test_set_and_apply(call):
    # The value, too, is YAML.
    assert call("config set limits.memory 2G --apply") == ({OLD: 1, "value: 2G": 1, NEW: 1}, 1)
    assert call.host.text(layout.CONFIG_FILE) == NEW
    assert call.host.text("/etc/hub.json") == "2G"


def test_set_alone(call):
    assert call("config set limits.memory 2G") == ({OLD: 1, "value: 2G": 1, NEW: 1}, 1)
    assert call.host.text(layout.CONFIG_FILE) == NEW


@pytest.mark.parametrize("line", ["config reload", "apply", "apply --admin alice"])
def test_what_changes_no_text_parses_one(call, line):
    assert call(line) == ({OLD: 1}, 1)


def test_flags_that_are_settings(call):
    parsed, made = call("apply --memory 2G --admin bob")
    last = NEW.replace("[alice]", "[alice, bob]")
    assert parsed == {OLD: 1, "value: 2G": 1, NEW: 1, "value: bob": 1, last: 1}
    assert made == 2, "what was there, and what is to be"
    assert call.host.text(layout.CONFIG_FILE) == last
