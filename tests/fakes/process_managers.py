"""Machines with a process manager that is not there: canned answers of systemctl, and a server as supervisord's."""

import threading
from pathlib import Path
from socketserver import UnixStreamServer
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.machine.process_managers.supervisor import ALREADY_ADDED, ALREADY_STARTED, BAD_NAME, NOT_RUNNING

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
        self.starting: set[str] = set()
        """Those of `running` that are not up yet."""
        self._pid = 100

    def begin(self, service: str) -> None:
        self.acts.append(f"start {service}")
        if self.broken:
            return
        self._pid += 1
        self.running[service] = self._pid
        value = f"{layout.STARTED_WITH}={self.known(service)}\0X=1\0"
        self.host.put(f"/proc/{self._pid}/environ", value)

    def known(self, service: str) -> str:
        """What its process manager starts: the definition that it has read."""
        return self.defined[service]

    def end(self, service: str) -> None:
        self.acts.append(f"stop {service}")
        self.running.pop(service, None)
        self.starting.discard(service)


class SystemdMachine(Machine):
    manager = "systemd"

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.enabled: set[str] = set()
        self.loaded: dict[str, str] = {}
        self.host.answers |= {"systemctl": self.systemctl, "journalctl": "it said: no such file\n" * 3}

    def known(self, service: str) -> str:
        return self.loaded[service]

    def systemctl(self, argv: list[str], _: str | None) -> str | tuple[int, str]:
        verb, *rest = (word for word in argv[1:] if not word.startswith("--"))
        names = [unit.removesuffix(".service") for unit in rest]
        if verb == "show":
            return "\n\n".join(self.show(name) for name in names) + "\n"
        if verb == "daemon-reload":
            self.loaded = dict(self.defined)
        if verb == "enable":
            self.enabled |= set(names)
        if verb == "disable":
            self.enabled -= set(names)
        if verb in {"stop", "restart"} or "--now" in argv:
            self.end(names[0])
        if verb == "restart" or (verb == "start" and names[0] not in self.running):
            self.begin(names[0])
        if verb in {"start", "restart"}:
            return "" if names[0] in self.running else (1, "Job failed")
        return ""

    def show(self, name: str) -> str:
        unit = name if "." in name else f"{name}.service"
        if name not in self.loaded:
            return f"Id={unit}\nLoadState=not-found\nActiveState=inactive\nUnitFileState="
        down = "failed" if self.broken else "inactive"
        active = "activating" if name in self.starting else "active" if name in self.running else down
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
        ctl = f"{layout.SUPERVISOR_VENV}/bin/supervisorctl -c {layout.SUPERVISOR_CONFIG}"
        self.host.answers |= {"tail": "it said: no such file\n" * 3, ctl: self.ctl}
        self.added: dict[str, str] = {}
        for name in self.defined:
            self.host.put(layout.supervisor_program(name), "")
        path = self.host.path(layout.SUPERVISOR_SOCKET)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.server = Server(str(path))
        for function in (
            self.getAllProcessInfo, self.reloadConfig, self.addProcessGroup, self.removeProcessGroup,
            self.startProcess, self.stopProcess, self.signalProcess,
        ):  # fmt: skip
            self.server.register_function(function, f"supervisor.{function.__name__}")
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def ctl(self, argv, _input):
        """What supervisorctl does in one go."""
        verb, name = argv[-2:]
        if name in self.running:
            self.end(name)
        if verb == "update":
            self.added[name] = self.defined[name]
        self.begin(name)
        return ""

    def getAllProcessInfo(self):  # noqa: N802 - supervisord's names
        down = "FATAL" if self.broken else "STOPPED"
        return [
            {
                "name": name, "exitstatus": 0,
                "statename": "STARTING" if name in self.starting else "RUNNING" if name in self.running else down,
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
        self.logRequests = False
        UnixStreamServer.__init__(self, path, Handler)


class Handler(SimpleXMLRPCRequestHandler):
    disable_nagle_algorithm = False
