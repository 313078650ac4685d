"""Services under both process managers, on the fake host: systemctl's answers and supervisord's socket are canned."""

import dataclasses
import hashlib
import os
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from fakes.host import FakeHost
from fakes.process_managers import NAME, SupervisorMachine, SystemdMachine
from hubinstall import layout
from hubinstall.cli import services
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers import choice
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.base import look
from hubinstall.resources.services.service import Reloads, Service, answers, environment, started_with, watched_line
from hubinstall.resources.services.supervisord import Supervisord
from hubinstall.resources.services.unit import UnitFile


@pytest.fixture(params=[SystemdMachine, SupervisorMachine], ids=["systemd", "supervisor"])
def machine(request, monkeypatch):
    monkeypatch.setattr("hubinstall.resources.services.service.EVERY", 0.001)
    # Not pytest's own folder: a unix socket's path has at most 107 bytes (unix(7)).
    with tempfile.TemporaryDirectory() as folder:
        machine = request.param(Path(folder))
        yield machine
        if isinstance(machine, SupervisorMachine):
            machine.server.shutdown()
            machine.server.server_close()


def settle(machine, digest="one", **fields):
    """Define the service with this digest, and apply the wish; the change, or None."""
    machine.defined[NAME] = digest
    service = Service(NAME, machine.manager, started_with=digest, **fields)
    machine.host.forget()
    machine.acts.clear()
    change = look(service, machine.host)
    if change:
        service.apply(machine.host, change)
        machine.host.forget()
        assert look(service, machine.host) is None
    return change


def test_absent_made_and_nothing_the_second_time(machine):
    assert settle(machine).verb == "create"
    assert machine.running
    assert settle(machine) is None
    assert machine.acts == []


def test_a_new_configuration_restarts_it_once(machine):
    settle(machine)
    assert settle(machine, "two").keys == ["started_with"]
    assert machine.acts == [f"stop {NAME}", f"start {NAME}"]
    assert settle(machine, "two") is None


def test_what_stopped_is_started(machine):
    settle(machine)
    machine.end(NAME)
    assert "running" in settle(machine).keys
    assert machine.acts == [f"start {NAME}"]


def test_what_is_still_starting_with_older_files_is_restarted(machine):
    """A start would leave it alone, and it would come up with what it has read."""
    settle(machine)
    machine.starting.add(NAME)
    assert settle(machine, "two").keys == ["running", "started_with"]
    assert machine.acts == [f"stop {NAME}", f"start {NAME}"]
    machine.starting.add(NAME)
    machine.acts.clear()
    machine.host.forget()
    Service(NAME, machine.manager, started_with="two").start_again(machine.host)
    assert machine.acts == [f"stop {NAME}", f"start {NAME}"]


def test_a_restart_that_was_lost_is_made_up_for(machine):
    """Killed between the new definition and the restart: the process still says what it was started with."""
    settle(machine)
    machine.host.put(f"/proc/{machine.running[NAME]}/environ", f"{layout.STARTED_WITH}=older\0")
    assert settle(machine).keys == ["started_with"]


def test_without_a_digest_it_is_never_restarted(machine):
    settle(machine)
    machine.defined[NAME] = "two"
    machine.host.forget()
    assert look(Service(NAME, machine.manager), machine.host) is None


def test_what_does_not_come_up_is_said_with_its_log(machine):
    machine.broken = True
    with pytest.raises(UserError, match=f"{NAME} does not come up") as caught:
        Service(NAME, machine.manager, started_with="one").apply(machine.host, None)
    assert caught.value.hint.count("it said: no such file") == 1
    assert f"hubinstall logs {NAME}" in caught.value.hint


def test_start_again_takes_what_is_there(machine):
    settle(machine)
    machine.acts.clear()
    machine.defined[NAME] = "before"
    machine.host.forget()  # as whoever has put files back does
    Service(NAME, machine.manager, started_with="one").start_again(machine.host)
    assert machine.acts[0] == f"stop {NAME}"
    assert environment(machine.host, machine.running[NAME])[layout.STARTED_WITH] == "before"


def test_removed_and_removed_again(machine):
    settle(machine)
    service = Service(NAME, machine.manager)
    for _ in range(2):
        service.remove(machine.host)
        assert not machine.running
        machine.host.forget()


def test_a_service_of_the_distribution_outlives_us(tmp_path):
    machine = SystemdMachine(tmp_path)
    settle(machine)
    Service(NAME, "systemd", distribution=True).remove(machine.host)
    assert machine.running


@pytest.mark.parametrize("manager", MANAGERS)
def test_nothing_is_there_before_the_programs_are(tmp_path, manager):
    assert Service(NAME, manager, started_with="one").actual(FakeHost(tmp_path)) is None


def test_a_oneshot_says_itself_what_it_was_done_with(tmp_path):
    machine = SystemdMachine(tmp_path)
    service = Service(NAME, "systemd", started_with="one", oneshot=True)
    machine.host.put(layout.done(NAME), "one\n")
    service.apply(machine.host, None)
    assert look(service, machine.host) is None
    machine.host.put(layout.done(NAME), "older\n")
    assert look(service, machine.host).keys == ["started_with"]


def reloading(machine):
    machine.host.answers |= {"nginx -t": "", "/record": lambda *_: recorded(machine)}
    reloads = Reloads(("nginx", "-t"), "/etc/loaded", "/record", watches=("/etc/cert",))
    machine.host.put("/etc/cert", "old")
    return Service(NAME, machine.manager, started_with="two", reloads=reloads)


def recorded(machine):
    machine.host.put("/etc/loaded", f"two\n{watched_line(machine.host, '/etc/cert')}\n")
    return ""


def test_what_reloads_is_not_restarted(machine):
    settle(machine)
    service = reloading(machine)
    pid = machine.running[NAME]
    machine.host.forget()
    assert look(service, machine.host).keys == ["started_with"]
    service.apply(machine.host, None)
    assert look(service, machine.host) is None
    machine.host.put("/etc/cert", "renewed")
    assert look(service, machine.host).keys == ["started_with"]
    service.apply(machine.host, None)
    assert look(service, machine.host) is None
    assert machine.running[NAME] == pid


def test_a_reload_is_over_when_no_worker_from_before_takes_a_connection(tmp_path):
    host = FakeHost(tmp_path)
    reloads = Reloads(("nginx", "-t"), "/etc/loaded", "/record", pid_file="/run/nginx.pid")
    assert reloads.workers(host) == {}
    host.put("/run/nginx.pid", "7\n")
    host.put("/proc/7/task/7/children", "8 9 ")
    for pid in (8, 9):
        host.put(f"/proc/{pid}/cmdline", "nginx: worker process\0")
    before = reloads.workers(host)
    assert before.keys() == {8, 9}
    host.put("/proc/8/cmdline", "nginx: worker process is shutting down\0")
    over = threading.Thread(target=reloads.replaced, args=(host, before))
    over.start()
    over.join(0.3)
    assert over.is_alive()
    host.put("/proc/7/task/7/children", "8 10 ")
    over.join(60)
    assert not over.is_alive()


def test_a_reload_that_starts_no_worker_has_failed_and_a_restart_follows(machine, monkeypatch):
    settle(machine)
    monkeypatch.setattr("hubinstall.resources.services.service.REPLACED_WITHIN", 0.05)
    service = reloading(machine)
    machine.host.put("/run/nginx.pid", "7\n")
    machine.host.put("/proc/7/task/7/children", "8 ")
    machine.host.put("/proc/8/cmdline", "nginx: worker process\0")
    pid = machine.running[NAME]
    dataclasses.replace(service, reloads=dataclasses.replace(service.reloads, pid_file="/run/nginx.pid")).apply(
        machine.host, None
    )
    assert machine.running[NAME] != pid
    assert look(service, machine.host) is None


def test_a_bad_configuration_is_not_loaded(machine):
    settle(machine)
    service = reloading(machine)
    machine.host.answers["nginx -t"] = (1, "unexpected }")
    with pytest.raises(UserError, match="nginx -t"):
        service.apply(machine.host, None)
    assert not machine.host.exists("/etc/loaded")


def test_launchers_and_resources_compute_the_same_digest(tmp_path):
    """The shell's digest of what it starts with is the one that the wish says."""
    template = (Path(layout.__file__).parent / "data/templates/launchers/common.sh").read_text()
    a, b = tmp_path / "a b.py", tmp_path / "b.py"
    a.write_text("1")
    b.write_text("2")
    script = f"{template}\nstarted_with '{a}' {tmp_path}/b*.py {tmp_path}/none*.py\n"
    env = {"PATH": os.environ["PATH"], layout.CONFIGURED: "c"}
    shown = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=True).stdout
    files = [(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in (a, b)]
    assert shown.strip() == started_with("c", files)
    assert started_with("c", files) != started_with("d", files)


def test_an_address_answers_or_not(tmp_path):
    assert answers(Host(str(tmp_path)), "")
    assert not answers(Host(str(tmp_path)), "/run/none.sock")
    assert not answers(Host(str(tmp_path)), "127.0.0.1:1")


def test_a_unit_file_is_read_again_when_it_changes(tmp_path):
    machine = SystemdMachine(tmp_path)
    machine.host.answers["systemd-analyze"] = ""
    machine.host.path(layout.SYSTEMD_UNITS).mkdir(parents=True)
    unit = UnitFile(layout.unit(NAME), "[Unit]\n")
    unit.apply(machine.host, look(unit, machine.host))
    assert "systemctl daemon-reload" not in machine.host.commands
    assert any(c.startswith("systemd-analyze verify --man=no ") for c in machine.host.commands), "man may not be there"
    machine.host.put(unit.name, "[Unit]\nby hand\n")
    unit.apply(machine.host, look(unit, machine.host))
    assert machine.host.commands[-1] == "systemctl daemon-reload"
    assert not machine.host.exists(layout.UNIT_CANDIDATES)
    unit.remove(machine.host)
    unit.remove(machine.host)
    assert unit.actual(machine.host) is None


def test_a_bad_unit_file_does_not_count(tmp_path):
    machine = SystemdMachine(tmp_path)
    name = f"{NAME}.service"
    machine.host.answers["systemd-analyze"] = (1, f"other.service: fine\n{name}:3: Unknown key name 'Foo'")
    machine.host.path(layout.SYSTEMD_UNITS).mkdir(parents=True)
    unit = UnitFile(layout.unit(NAME), "[Service]\nFoo=1\n")
    with pytest.raises(UserError, match="does not accept") as caught:
        unit.apply(machine.host, look(unit, machine.host))
    assert caught.value.hint == f"{name}:3: Unknown key name 'Foo'"
    assert unit.actual(machine.host) is None


def test_supervisord_is_known_by_its_environment(tmp_path):
    """A PID file outlives its process, and the number may be somebody else's by then."""
    host = FakeHost(tmp_path)
    wish = Supervisord(layout.SUPERVISORD, "d")
    assert wish.actual(host) is None
    host.put(layout.SUPERVISOR_PID, "7\n")
    host.put("/proc/7/environ", "A=1\0")
    assert wish.actual(host) is None
    host.put("/proc/7/environ", f"{layout.SERVICE_NAME}={layout.SUPERVISORD}\0{layout.STARTED_WITH}=d\0")
    assert wish.actual(host) == wish.desired()


def test_the_commands_of_a_person(machine, capsys):
    machine.host.put(layout.unit(NAME), "")
    if machine.manager == "supervisor":
        machine.host.put(layout.SUPERVISOR_CONFIG, "")
        machine.host.put(layout.SUPERVISOR_PID, "7\n")
        machine.host.put("/proc/7/environ", f"{layout.SERVICE_NAME}={layout.SUPERVISORD}\0")
    settle(machine)
    assert choice.installed(machine.host).name == machine.manager
    assert services.stop(machine.host) == 0
    assert not machine.running
    with pytest.raises(UserError, match="no service 'nosuch'"):
        services.stop(machine.host, "nosuch")
    assert f"{NAME}: stopped" in capsys.readouterr().err


def test_commands_where_nothing_is_installed(tmp_path):
    with pytest.raises(UserError, match="is not installed on this machine"):
        services.start(FakeHost(tmp_path))
