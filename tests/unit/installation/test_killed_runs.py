"""Runs that were killed: at a step, beside the steps, in dpkg, while putting back. The next one makes it good."""

import contextlib

import pytest

from fakes.installation import CONFIG, Quiet, make
from hubinstall import layout
from hubinstall.engine.ledger import LAST, Ledger
from hubinstall.errors import UserError
from hubinstall.installation import desired_state
from hubinstall.machine.host import TEMPORARY
from hubinstall.resources import kinds


@pytest.fixture
def world(tmp_path, monkeypatch):
    return make(tmp_path, monkeypatch)


@pytest.fixture
def installed(world):
    world.apply(CONFIG.format("1G"))
    world.verified = 0
    return world


@pytest.mark.parametrize("moment", ["before", "mid", "after"])
@pytest.mark.parametrize("step", ["toy:hub.json", "toy:late"])
def test_killed_anywhere_run_again_done_and_verified(installed, step, moment):
    installed.killed_at(f"{step}:{moment}", CONFIG.format("2G"))
    installed.apply()
    assert installed.verified == 1
    assert installed.plan() == []
    assert not list(installed.host.root.rglob(f"*{TEMPORARY}"))
    book = Ledger(installed.host, layout.LEDGER)
    assert all(book.last(toy) == toy.desired() for toy in desired_state.read(installed.host).resources)


@pytest.mark.parametrize("moment", ["before", "mid", "after"])
def test_killed_while_it_puts_back_run_again_it_is_as_before(installed, moment):
    installed.works = lambda host: host.text("/etc/hub.json") != "2G"
    installed.killed_at(f"put back:{moment}", CONFIG.format("2G"))
    with contextlib.suppress(UserError):
        installed.apply()
    assert installed.host.text("/etc/hub.json") == "1G"
    assert installed.host.text(layout.CONFIG_FILE) == CONFIG.format("1G")
    assert installed.plan() == []
    assert installed.apply().done == []


@pytest.mark.parametrize("step", ["settings", "verify", "accept"])
def test_killed_beside_the_steps(installed, step):
    installed.killed_at(f"{step}:before", CONFIG.format("2G"))
    installed.apply(CONFIG.format("2G"))
    assert installed.host.text("/etc/hub.json") == "2G"
    assert installed.plan() == []
    assert Ledger(installed.host, layout.LEDGER).touched() == {}


def test_what_a_killed_run_left_of_dpkgs_work_is_finished_first(world, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "packages", Quiet)
    monkeypatch.setattr(Quiet, "kind", "packages")
    world.host.answers |= {"dpkg": "", "apt-get": "", "dpkg-query": "libc-bin triggers-pending\n"}
    text = f"{CONFIG.format('1G')}shares: {{course: }}\n"
    world.killed_at("packages:share:before", text)
    world.apply(text)
    assert any(command.endswith("--configure -a") for command in world.host.commands)
    assert any("--fix-broken" in command for command in world.host.commands)


@pytest.mark.parametrize("moment", ["mid", "mid2", "mid3", "mid4", "mid5", "mid6"])
def test_killed_at_its_very_end_the_next_run_ends_it(world, moment):
    world.killed_at(f"accept:{moment}", CONFIG.format("1G"))
    world.apply()
    assert world.plan() == []
    kept = world.host.text(layout.LEDGER + LAST)
    assert kept
    assert kept == world.host.text(layout.LEDGER)
