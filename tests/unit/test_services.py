"""Services under both process managers, on the fake host: systemctl's answers and supervisord's socket are canned."""

import hashlib
import os
import subprocess
import threading
from pathlib import Path
from socketserver import UnixStreamServer
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

import pytest
from fakehost import FakeHost

from hubinstall import layout, managers, services_cli
from hubinstall.errors import UserError
from hubinstall.host import Host
from hubinstall.managers import MANAGERS
from hubinstall.managers.supervisor import ALREADY_ADDED, ALREADY_STARTED, BAD_NAME, NOT_RUNNING
from hubinstall.resources.base import look
from hubinstall.resources.services import Reloads, Service, answers, environment, started_with, watched_line
from hubinstall.resources.supervisord import Supervisord
from hubinstall.resources.units import UnitFile

NAME = layout.HUB_SERVICE


class Machine:
    """What is common to both fakes: services that run as processes with an environment."""

    def __init__(self, tmp_path: Path) -> None:
        self.host = FakeHost(tmp_path)
        self.defined = {NAME: "one"}
        """Service → the digest that its definition says."""
        self.running: dict[str, int] = {}
        self.acts: list[str] = []
        self.broken = False
        self._pid = 100

    def begin(self, service: str) -> None:
        self.acts.append(f"start {service}")
        if self.broken:
            return
        self._pid += 1
        self.running[service] = self._pid
        value = f"{layout.STARTED_WITH}={self.defined[service]}\0X=1\0"
        self.host.put(f"/proc/{self._pid}/environ", value)

    def end(self, service: str) -> None:
        self.acts.append(f"stop {service}")
        self.running.pop(service, None)


class SystemdMachine(Machine):
    manager = "systemd"

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.enabled: set[str] = set()
        self.loaded: dict[str, str] = {}
        self.host.answers |= {"systemctl": self.systemctl, "journalctl": "it said: no such file\n"}

    def systemctl(self, argv: list[str], _: str | None) -> str | tuple[int, str]:
        verb, *rest = (word for word in argv[1:] if not word.startswith("--"))
        names = [unit.removesuffix(".service") for unit in rest]
        if verb == "show":
            return "\n\n".join(self.show(name) for name in names) + "\n"
        if verb == "daemon-reload":
            self.loaded = dict(self.defined)
        if verb == "enable":
            self.enabled |= set(names)
        if verb in {"stop", "restart", "disable"}:
            self.end(names[0])
        if verb in {"start", "restart"}:
            self.begin(names[0])
            return "" if names[0] in self.running else (1, "Job failed")
        return ""

    def show(self, name: str) -> str:
        unit = name if "." in name else f"{name}.service"
        if name not in self.loaded:
            return f"Id={unit}\nLoadState=not-found\nActiveState=inactive\nUnitFileState="
        active = "active" if name in self.running else "failed" if self.broken else "inactive"
        stale = "yes" if self.loaded[name] != self.defined[name] else "no"
        enabled = "enabled" if name in self.enabled else "disabled"
        return (
            f"Id={unit}\nLoadState=loaded\nActiveState={active}\nSubState=x\nUnitFileState={enabled}\n"
            f"MainPID={self.running.get(name, 0)}\nNeedDaemonReload={stale}\nResult=success"
        )


class SupervisorMachine(Machine):
    """A server on the socket that answers as supervisord does (supervisord.org/api.html)."""

    manager = "supervisor"

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.host.answers |= {"tail": "it said: no such file\n"}
        self.added: dict[str, str] = {}
        for name in self.defined:
            self.host.put(layout.supervisor_program(name), "")
        path = self.host.path(layout.SUPERVISOR_SOCKET)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.server = Server(os.path.relpath(path))
        for function in (
            self.getAllProcessInfo, self.reloadConfig, self.addProcessGroup, self.removeProcessGroup,
            self.startProcess, self.stopProcess, self.signalProcess,
        ):  # fmt: skip
            self.server.register_function(function, f"supervisor.{function.__name__}")
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def getAllProcessInfo(self):  # noqa: N802 - supervisord's names
        down = "FATAL" if self.broken else "STOPPED"
        return [
            {
                "name": name, "statename": "RUNNING" if name in self.running else down, "exitstatus": 0,
                "pid": self.running.get(name, 0), "spawnerr": "", "description": "",
            }
            for name in self.added
        ]  # fmt: skip

    def reloadConfig(self):  # noqa: N802
        names = set(self.defined)
        changed = [n for n in names & set(self.added) if self.added[n] != self.defined[n]]
        return [[sorted(names - set(self.added)), changed, sorted(set(self.added) - names)]]

    def addProcessGroup(self, name):  # noqa: N802
        if name in self.added:
            raise Fault(ALREADY_ADDED, "ALREADY_ADDED")
        self.added[name] = self.defined[name]
        self.begin(name)
        return True

    def removeProcessGroup(self, name):  # noqa: N802
        assert name not in self.running
        if self.added.pop(name, None) is None:
            raise Fault(BAD_NAME, "BAD_NAME")
        return True

    def startProcess(self, name, wait):  # noqa: N802
        if name in self.running:
            raise Fault(ALREADY_STARTED, "ALREADY_STARTED")
        self.begin(name)
        return True

    def stopProcess(self, name, wait):  # noqa: N802
        if name not in self.running:
            raise Fault(NOT_RUNNING, "NOT_RUNNING")
        self.end(name)
        return True

    def signalProcess(self, name, signal):  # noqa: N802
        self.acts.append(f"{signal} {name}")
        return True


class Server(UnixStreamServer, SimpleXMLRPCDispatcher):
    def __init__(self, path: str) -> None:
        SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        UnixStreamServer.__init__(self, path, Handler)


class Handler(SimpleXMLRPCRequestHandler):
    disable_nagle_algorithm = False

    def log_message(self, *_):
        pass

    def address_string(self):
        return ""


@pytest.fixture(params=[SystemdMachine, SupervisorMachine], ids=["systemd", "supervisor"])
def machine(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a unix socket's path has at most 107 bytes
    monkeypatch.setattr("hubinstall.resources.services.EVERY", 0.001)
    machine = request.param(tmp_path)
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
    assert "it said: no such file" in caught.value.hint
    assert f"hubinstall logs {NAME}" in caught.value.hint


def test_start_again_takes_what_is_there(machine):
    settle(machine)
    machine.acts.clear()
    machine.defined[NAME] = "before"
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


def test_a_bad_configuration_is_not_loaded(machine):
    settle(machine)
    service = reloading(machine)
    machine.host.answers["nginx -t"] = (1, "unexpected }")
    with pytest.raises(UserError, match="nginx -t"):
        service.apply(machine.host, None)
    assert not machine.host.exists("/etc/loaded")


def test_launchers_and_wishes_count_alike(tmp_path):
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
    settle(machine)
    assert managers.installed(machine.host).name == machine.manager
    assert services_cli.stop(machine.host) == 0
    assert not machine.running
    assert [s.running for s in services_cli.status(machine.host)] == [False]
    with pytest.raises(UserError, match="no service 'nosuch'"):
        services_cli.stop(machine.host, "nosuch")
    assert f"{NAME}: stopped" in capsys.readouterr().err


def test_commands_where_nothing_is_installed(tmp_path):
    with pytest.raises(UserError, match="nothing is installed"):
        services_cli.start(FakeHost(tmp_path))
