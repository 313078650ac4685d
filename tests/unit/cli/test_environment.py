"""`hubinstall environment`: a change that fails says what failed, and leaves everything as it was."""

from argparse import Namespace
from dataclasses import dataclass, field

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import environment
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import environments, inputs
from hubinstall.installation.apply import RestoredError
from hubinstall.machine import facts

BEFORE = {layout.REQUIRED: "a\n"}
AFTER = {layout.REQUIRED: "a\nb\n", layout.APT_LIST: "zip\n"}
BY_HAND = f"{layout.EDITS}/etc%hubinstall%environments%default%r.txt"


@dataclass(frozen=True)
class Desired:
    facts: object
    config: object = field(default_factory=lambda: load(""))
    resources: tuple = ()


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    for folder in (layout.CONFIG_DIR, layout.STATE, layout.RUNTIME):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    host.put(layout.CONFIG_FILE, "")
    environments.keep(host, "default", BEFORE)
    inputs.accept(host)
    host.put(BY_HAND, "edited by a person\n")
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(environment, "is_there", lambda *_: True)
    monkeypatch.setattr(environment, "sweep", lambda *_: None)
    monkeypatch.setattr(environment, "read", lambda host: Desired(fake_facts(environments=facts.environments(host))))
    return host


def change(host, monkeypatch, failed: BaseException, *, restores: bool):
    def apply_config(host, *_):
        if restores:
            inputs.put_back(host)
        raise failed

    monkeypatch.setattr(environment, "apply_config", apply_config)
    arguments = Namespace(environment="default", environment_verb="add", verbose=False)
    with pytest.raises(UserError) as raised:
        environment.change(arguments, host, lambda _: AFTER, resolve=False)
    return raised.value


def test_what_failed_is_said_and_no_restored_file(host, monkeypatch):
    first = UserError("what was added does not work: cv2: ImportError: libGL.so.1", "Add it: --apt NAME.")
    error = change(host, monkeypatch, RestoredError("failed: image-layer:x", "many files", first), restores=True)
    assert error.message == (
        "the environment default was not changed: what was added does not work: cv2: ImportError: libGL.so.1"
    )
    assert error.hint == f"Add it: --apt NAME.\n  Everything is as before. The full output is in {layout.LOG_FILE}."
    assert facts.environments(host) == {"default": BEFORE}
    assert host.names(layout.EDITS) == [BY_HAND.rpartition("/")[2]]


def test_a_run_that_never_began_leaves_the_lists_as_they_were(host, monkeypatch):
    error = change(host, monkeypatch, UserError("port 443 is taken", "Stop it."), restores=False)
    assert error.message == "port 443 is taken"
    assert facts.environments(host) == {"default": BEFORE}


def typed(host, monkeypatch, run) -> list[dict[str, str]]:
    """The lists with which a command came to apply."""
    applied = []
    monkeypatch.setattr(
        environment, "apply_config", lambda host, *_: applied.append(facts.environments(host).get("default", {}))
    )
    run(Namespace(environment="default", environment_verb="add", verbose=False))
    return applied


def test_the_same_command_takes_up_a_run_that_was_killed(host, monkeypatch):
    def again(arguments):
        environment.change(arguments, host, lambda _: AFTER, resolve=False)

    environments.keep(host, "default", AFTER)  # and killed
    assert typed(host, monkeypatch, again) == [AFTER]
    inputs.accept(host)
    assert typed(host, monkeypatch, again) == []
    monkeypatch.setattr(environment, "is_there", lambda *_: False)  # docker system prune --all
    assert typed(host, monkeypatch, again) == [AFTER]


def test_undo_goes_back_from_a_run_that_was_killed_before_it_goes_further_back(host, monkeypatch):
    environments.keep(host, "default", AFTER)
    assert typed(host, monkeypatch, lambda arguments: environment.undo(arguments, host)) == [BEFORE]
    assert typed(host, monkeypatch, lambda arguments: environment.undo(arguments, host)) == [{}]
