"""`hubinstall config …` and the flags that are settings: each text is parsed once and checked once."""

from collections import Counter

import pytest
from ruamel.yaml import YAML

from fakes.command import command
from hubinstall import layout
from hubinstall.settings.model import Settings

OLD = "# ours\nlimits: {memory: 1G}\nusers: {admin: [alice]}\n"
NEW = OLD.replace("1G", "2G")


class Counted(YAML):
    parsed: Counter[str]

    def parse(self, stream):
        self.parsed[stream] += 1
        return super().parse(stream)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Runs a command line on a machine with OLD; says how often each text was parsed, and how often settings made."""
    run = command(tmp_path, monkeypatch)
    run.world.apply(OLD)
    monkeypatch.setattr(Counted, "parsed", Counter(), raising=False)
    monkeypatch.setattr("hubinstall.config.yaml.parser.YAML", Counted)
    made = []
    real = Settings.model_validate
    monkeypatch.setattr(Settings, "model_validate", lambda data: made.append(data) or real(data))

    def call(line: str) -> tuple[dict[str, int], int]:
        assert run(line).code == 0
        return dict(Counted.parsed), len(made)

    call.host = run.world.host
    return call


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
