"""Found before anything changes: `plan` refuses what `apply` refuses, in the same words; warnings stop nothing."""

import json

import pytest

from fakes.command import command
from hubinstall import layout
from hubinstall.installation import preflight
from hubinstall.preflight.checks import Problem

TOO_SMALL = Problem("too little memory", "Give it more.")
TAKEN = Problem("10.99.0.0/16 is taken", "try another", 78, ("network", "subnet"))
MUCH = Problem("900G for each server, but this machine has 24G", "try 12G or less", 0, ("limits", "memory"))


@pytest.fixture
def call(tmp_path, monkeypatch):
    return command(tmp_path, monkeypatch)


@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.parametrize(("problems", "code"), [([TOO_SMALL], 1), ([TAKEN], 78), ([TOO_SMALL, TAKEN], 78)])
def test_plan_refuses_what_apply_refuses(call, monkeypatch, problems, code, installed):
    if installed:
        call.world.apply("limits: {memory: 1G}\n")
    before = call.world.host.text(layout.CONFIG_FILE)
    monkeypatch.setattr(preflight.checks, "check", lambda *_, **__: problems)
    said = [call(f"{verb} --memory 2G") for verb in ("apply", "plan", "plan --check", "plan --json")]
    assert {(each.code, each.out) for each in said} == {(code, "")}
    assert len({each.err for each in said}) == 1
    assert "".join(problem.message for problem in problems) in said[0].err.replace("\n  Give it more.\n", "").replace(
        f"{layout.CONFIG_FILE}:1:1: network.subnet: ", ""
    )
    assert call.world.host.text(layout.CONFIG_FILE) == before


def test_plan_accepts_what_apply_would_with_yes(call, monkeypatch):
    def check(*_, may_stop_servers):
        return [] if may_stop_servers else [TAKEN]

    monkeypatch.setattr(preflight.checks, "check", check)
    assert call("plan").code == 78
    assert call("plan --yes").code == 0


def test_a_warning_is_told_and_stops_nothing(call, monkeypatch):
    monkeypatch.setattr(preflight.preflight_warnings, "warnings", lambda *_: [MUCH])
    call.world.apply("limits: {memory: 1G}\n")
    words = f"{layout.CONFIG_FILE}:1:18: limits.memory: {MUCH.message}; {MUCH.hint}"
    assert f"note: {words}\n" in call("plan").err
    words = f"--memory 2G: {MUCH.message}; {MUCH.hint}"
    planned = call("plan --memory 2G")
    assert (planned.code, "change  toy:hub.json" in planned.out) == (0, True)
    assert f"note: {words}\n" in planned.err
    assert json.loads(call("plan --memory 2G --json").out)["warnings"] == [words]
    assert call("apply --memory 2G").code == 0
    assert call.world.host.notices == [words]
    state = call("status")
    assert "warning  settings  limits.memory: 900G for each server" in state.out
    assert "Try 12G or less." in state.out


def test_a_warning_without_a_key_is_told_as_it_is(call, monkeypatch):
    warning = Problem("the drop-in x.py sets c.X, which hubinstall sets too", "Remove it from the file.", 0)
    monkeypatch.setattr(preflight.preflight_warnings, "warnings", lambda *_: [warning])
    assert f"note: {warning.message}\n  {warning.hint}\n" in call("plan").err
    assert f"warning  settings  {warning.message}\n" in call("status").out
