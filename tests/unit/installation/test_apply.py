"""One installation of toy resources: verification, rollback, kills, one run at a time, and what people wrote."""

import os
import signal

import pytest

from contract import services
from contract.case import BASE
from fakes.contract_host import as_root
from fakes.installation import CONFIG, DROPIN, make
from fakes.resources import Toy
from hubinstall import layout
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import apply, desired_state, lock, preflight, uninstall
from hubinstall.preflight import checks
from hubinstall.resources.services.service import Service


@pytest.fixture
def world(tmp_path, monkeypatch):
    return make(tmp_path, monkeypatch)


@pytest.fixture
def installed(world):
    world.apply(CONFIG.format("1G"))
    world.verified = 0
    return world


def test_verify_comes_after_what_is_on_the_way_to_a_cell_and_only_then(installed):
    assert installed.apply().done == []
    installed.apply(f"{CONFIG.format('1G')}shares: {{course: }}\n")
    assert installed.verified == 0
    installed.apply(CONFIG.format("2G"))
    assert installed.verified == 1


def test_with_nothing_to_do_nothing_acts(installed):
    """Or each question that was asked ahead would be asked once more."""
    mark = installed.host.once("q", object)
    installed.apply()
    assert installed.host.once("q", object) is mark


def test_the_settings_of_flags_are_kept(installed):
    installed.apply(CONFIG.format("2G"))
    assert installed.host.text(layout.CONFIG_FILE) == CONFIG.format("2G")
    assert installed.host.stat(layout.CONFIG_FILE).mode == "0600"
    assert installed.plan() == []


def test_verify_is_due_after_a_kill_before_it(installed):
    installed.killed_at("toy:late:after", CONFIG.format("2G"))
    assert [c.id for c in installed.apply().done] == []
    assert installed.verified == 1


def test_verify_is_due_again_after_a_first_install_that_failed_it(world):
    world.works = lambda host: False
    with pytest.raises(UserError, match="failed: verify") as failed:
        world.apply(CONFIG.format("1G"))
    assert "uninstall --yes" in failed.value.hint
    assert world.host.text("/etc/late") == "late 1G"
    world.works = lambda host: True
    world.apply()
    assert world.verified == 2


def test_what_verify_refuses_is_put_back_and_config_with_it(installed):
    installed.works = lambda host: host.text("/etc/hub.json") == "1G"
    with pytest.raises(UserError, match="failed: verify") as failed:
        installed.apply(CONFIG.format("3G"))
    host = installed.host
    assert (host.text("/etc/hub.json"), host.text("/etc/late")) == ("1G", "late 1G")
    assert host.text(layout.CONFIG_FILE) == CONFIG.format("1G")
    assert not host.exists("/etc/only-with-3")
    assert installed.plan() == []
    refused = f"{layout.EDITS}/etc%hubinstall%config.yaml"
    assert refused in failed.value.hint
    assert host.text(refused) == CONFIG.format("3G")
    assert ("failed", "verify") in installed.report.events
    installed.apply()
    installed.works = lambda host: True
    installed.apply(CONFIG.format("3G"))
    assert installed.plan() == []


def test_a_step_that_fails_puts_back_those_before_it(installed):
    installed.moods = {"late": "lazy"}
    with pytest.raises(UserError, match="failed: toy:late"):
        installed.apply(CONFIG.format("2G"))
    assert installed.host.text("/etc/hub.json") == "1G"
    assert installed.host.text("/etc/late") == "late 1G"
    installed.moods = {}
    assert installed.plan() == []


def test_what_a_killed_run_changed_is_put_back_too(installed):
    installed.killed_at("toy:hub.json:after", CONFIG.format("3G"))
    assert installed.host.text("/etc/hub.json") == "3G"
    installed.works = lambda host: host.text("/etc/hub.json") == "1G"
    with pytest.raises(UserError, match="failed: verify"):
        installed.apply()
    assert installed.host.text("/etc/hub.json") == "1G"
    assert installed.plan() == []


def test_a_drop_in_that_does_not_work_is_set_aside_and_named(installed):
    host = installed.host
    host.put(DROPIN, "c.good = 1")
    installed.apply(CONFIG.format("2G"))
    host.put(DROPIN, "raise SystemExit")
    host.put(f"{layout.NGINX_DROPINS}/new.conf", "nonsense")
    installed.works = lambda host: "raise" not in host.text(DROPIN)
    with pytest.raises(UserError, match="failed: verify") as failed:
        installed.apply(CONFIG.format("3G"))
    assert host.text(DROPIN) == "c.good = 1"
    assert not host.exists(f"{layout.NGINX_DROPINS}/new.conf")
    for name in ("jupyterhub_config.d%10-mine.py", "nginx.d%new.conf"):
        assert f"{layout.EDITS}/etc%hubinstall%{name}" in failed.value.hint
    assert host.text(f"{layout.EDITS}/etc%hubinstall%jupyterhub_config.d%10-mine.py") == "raise SystemExit"
    assert installed.plan() == []


def test_a_database_that_was_upgraded_is_put_back_with_the_rest(installed, monkeypatch):
    case = services.database()
    installed.host.answers["setpriv --reuid=0"] = as_root
    installed.host.path(BASE).mkdir(parents=True)
    case.breaks[0].act(installed.host)
    before = installed.host.read(case.resource.name)
    monkeypatch.setattr(desired_state, "blueprint", lambda *given: [*installed.blueprint(*given), case.resource])
    installed.works = lambda host: host.read(case.resource.name) == before
    with pytest.raises(UserError, match="failed: verify"):
        installed.apply()
    assert ("finished", "database:/srv/contract/database.sqlite") in installed.report.events
    assert installed.host.read(case.resource.name) == before
    installed.works = lambda host: True
    installed.apply()
    assert installed.host.read(case.resource.name) != before
    assert installed.plan() == []


def test_a_service_that_is_new_ends_while_its_files_are_there_and_is_not_started_again(installed, monkeypatch):
    service, file, runs, told = Service("new", "systemd"), Toy("new", "its file"), [], []

    def remove(_, host):
        told.append(host.text("/etc/new"))
        runs.clear()

    monkeypatch.setattr(Service, "actual", lambda service, _: service.desired() if runs else None)
    monkeypatch.setattr(Service, "apply", lambda *_: runs.append(True))
    monkeypatch.setattr(Service, "remove", remove)
    monkeypatch.setattr(Service, "start_again", lambda *_: told.append("started again"))
    monkeypatch.setattr(desired_state, "blueprint", lambda *given: [*installed.blueprint(*given), file, service])
    installed.works = lambda host: False
    with pytest.raises(UserError, match="failed: verify"):
        installed.apply()
    assert (told, runs, installed.host.exists("/etc/new")) == (["its file"], [], False)
    installed.works = lambda host: True
    installed.apply()
    assert (told, runs) == (["its file"], [True])


def test_a_hand_broken_machine_whose_mending_fails_stays_as_it_was(installed):
    installed.host.put("/etc/hub.json", "by hand")
    installed.works = lambda host: False
    with pytest.raises(UserError, match="failed: verify"):
        installed.apply()
    assert installed.host.text("/etc/hub.json") == "by hand"
    assert installed.host.text(layout.CONFIG_FILE) == CONFIG.format("1G")


def test_a_signal_lets_the_running_step_finish_and_says_how_to_go_on(installed):
    installed.moods = {"hub.json": "slow"}
    installed.report.started = lambda change: os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(UserError, match="interrupted: 1 step completed, 1 not started") as stopped:
        installed.apply(CONFIG.format("2G"))
    assert "hubinstall apply" in stopped.value.hint
    assert installed.host.text("/etc/hub.json") == "2G"
    assert installed.host.text("/etc/late") == "late 1G"
    del installed.report.started
    installed.apply()
    assert installed.plan() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_verifying_says_what_is_left(installed, number):
    installed.works = lambda host: os.kill(os.getpid(), number)
    with pytest.raises(UserError, match="all steps are completed"):
        installed.apply(CONFIG.format("2G"))
    assert installed.host.text("/etc/hub.json") == "2G"
    installed.works = lambda host: True
    installed.apply()
    assert installed.verified == 2


def test_two_runs_at_once_the_second_names_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    with lock.one_run("apply"), pytest.raises(UserError) as second, lock.one_run("apply"):
        pass
    assert second.value.code == 75
    assert f"hubinstall apply (pid {os.getpid()})" in second.value.message
    with lock.one_run("verify"):
        assert "verify" in (tmp_path / "lock").read_text()
    assert (tmp_path / "lock").read_text() == ""


def test_a_part_of_a_run_holds_its_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    with lock.one_run("environment add") as held:
        lock.pass_on(held)
        with lock.one_run("apply"):
            pass
        with pytest.raises(UserError, match="holds the lock"), lock.one_run("apply"):
            pass
    with lock.one_run("apply"):
        pass


def test_bootstraps_lock_is_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    fd = os.open(layout.LOCK, os.O_RDWR | os.O_CREAT)
    monkeypatch.setenv(lock.LOCK_FD, str(fd))
    with lock.one_run("apply"):
        assert not os.get_inheritable(fd)
        with pytest.raises(UserError), lock.one_run("apply"):
            pass


def test_uninstall_takes_off_what_it_made_and_leaves_what_people_wrote(world):
    host = world.host
    host.put("/etc/hub.json", "before us")
    host.put(DROPIN, "c.mine = 1")
    world.apply(CONFIG.format("1G"))
    host.answers["sh -c"] = ""
    uninstall.uninstall(host, world.report)
    assert not host.exists("/etc/late")
    assert host.exists("/etc/hub.json")
    assert host.text(DROPIN) == "c.mine = 1"
    assert host.text(layout.CONFIG_FILE) == CONFIG.format("1G")


def test_uninstall_that_cannot_remove_something_says_what(installed, monkeypatch):
    monkeypatch.setattr(Toy, "remove", lambda self, host: installed.report.missing())
    installed.report.missing = lambda: (_ for _ in ()).throw(UserError("in use"))
    with pytest.raises(UserError, match=r"not everything could be removed: toy:late, toy:hub\.json"):
        uninstall.uninstall(installed.host, installed.report)


def test_what_the_machine_has_against_a_setting_is_placed_in_the_file_and_no_password_is_kept(world, monkeypatch):
    against = checks.Problem("10.1.0.0/16 is taken", "try another", 78, ("network", "subnet"))
    monkeypatch.setattr(preflight.checks, "check", lambda *_, **__: [against])
    desired = desired_state.read(world.host, load("limits: {memory: 1G}\nnetwork:\n  subnet: 10.1.0.0/16\n"))
    with pytest.raises(UserError) as refused:
        apply.apply(world.host, desired, world.report, {"ada": "secret"})
    assert refused.value.code == 78
    assert str(refused.value) == f"{layout.CONFIG_FILE}:3:11: network.subnet: 10.1.0.0/16 is taken; try another"
    assert not world.host.exists(layout.SECRETS)
    assert not world.host.exists(layout.CONFIG_FILE)


def test_servers_are_stopped_before_the_first_step_and_the_end_says_so(installed, monkeypatch):
    ended = []
    monkeypatch.setattr(apply.running_servers, "servers", lambda *_: ["jupyter-ada", "jupyter-grace"])
    monkeypatch.setattr(
        apply.running_servers, "end", lambda host, names: ended.append((host.text("/etc/hub.json"), names))
    )
    desired = desired_state.read(installed.host, load(CONFIG.format("2G")))
    apply.apply(installed.host, desired, installed.report, may_stop_servers=True)
    assert ended == [("1G", ["jupyter-ada", "jupyter-grace"])]
    assert [
        words for words in installed.host.notices if "2 servers had to be stopped (jupyter-ada, jupyter-grace)" in words
    ]


def test_all_that_is_against_a_machine_is_said_at_once(world, monkeypatch):
    machine = checks.Problem("too little memory", "Give it more.")
    default = checks.Problem("10.99.0.0/16 is taken", "try another", 78, ("network", "subnet"))
    monkeypatch.setattr(preflight.checks, "check", lambda *_, **__: [machine, default])
    with pytest.raises(UserError) as refused:
        preflight.refuse(world.host, desired_state.read(world.host, load("# nothing\n")))
    assert str(refused.value) == (
        "too little memory\n  Give it more.\n"
        f"{layout.CONFIG_FILE}:1:1: network.subnet: 10.99.0.0/16 is taken; try another"
    )
