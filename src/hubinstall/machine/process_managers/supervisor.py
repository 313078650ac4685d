"""Services under our own supervisord, through its XML-RPC interface (supervisord.org/api.html) on a unix socket.

A changed program file only affects that program: `define` does what `supervisorctl update NAME` does.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Look

if TYPE_CHECKING:
    import xmlrpc.client

# supervisor/xmlrpc.py, class Faults.
BAD_NAME, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 10, 60, 70, 90
STOPPING_TAKES = 300.0
"""Seconds; the stopwaitsecs of the programs are much shorter."""


class Supervisor:
    name: ClassVar[str] = "supervisor"
    ours: ClassVar[bool] = True
    certificates: ClassVar[str] = layout.CERTIFICATES_SERVICE

    def look(self, host: Host, service: str) -> Look:
        process = self._processes(host).get(service)
        enabled = host.exists(layout.supervisor_program(service))
        if process is None:
            return Look(enabled=enabled)
        state = process["statename"]
        done = state == "EXITED" and process["exitstatus"] == 0 and host.exists(layout.done(service))
        return Look(
            known=True,
            enabled=enabled,
            running=state == "RUNNING" or done,
            failed=state in {"BACKOFF", "FATAL"} or (state == "EXITED" and process["exitstatus"] != 0),
            pid=process["pid"],
            words=f"{state} {process['spawnerr'] or process['description']}".strip(),
        )

    def define(self, host: Host, service: str) -> None:
        [[added, changed, removed]] = self.tell(host, lambda server: server.supervisor.reloadConfig())
        if service in changed or service in removed:
            self._in_one_go(host, "update", service)
        elif service in added:
            self.tell(host, lambda server: server.supervisor.addProcessGroup(service), ALREADY_ADDED)

    def start(self, host: Host, service: str) -> None:
        self.tell(host, lambda server: server.supervisor.startProcess(service, False), ALREADY_STARTED)

    def stop(self, host: Host, service: str) -> None:
        self._stop(host, service)

    def restart(self, host: Host, service: str) -> None:
        self._in_one_go(host, "restart", service)

    def reload(self, host: Host, service: str) -> None:
        self.tell(host, lambda server: server.supervisor.signalProcess(service, "HUP"))

    def forget(self, host: Host, service: str) -> None:
        if service in self._processes(host):
            self._stop(host, service)
            self.tell(host, lambda server: server.supervisor.removeProcessGroup(service), BAD_NAME)
        host.remove(layout.done(service))

    def log_command(self, service: str, lines: int, *, follow: bool) -> list[str]:
        # -F: after a rotation of the log, the new file is followed.
        return ["tail", f"--lines={lines}", *(["-F"] if follow else []), layout.service_log(service)]

    def log_lines(self, host: Host, service: str, since: float = 0) -> list[str]:  # noqa: ARG002 - it is one file
        path = layout.service_log(service)
        return [line for part in (f"{path}.1", path) for line in host.text(part).splitlines()]

    def _in_one_go(self, host: Host, verb: str, service: str) -> None:
        """Stop and start the service in a separate process: if this process is killed in between, it still starts.

        A service that does not start is noticed by the code that waits for it.
        """
        program, configuration = f"{layout.SUPERVISOR_VENV}/bin/supervisorctl", layout.SUPERVISOR_CONFIG
        host.run([program, "-c", configuration, verb, service], check=False)

    def _stop(self, host: Host, service: str) -> None:
        self.tell(host, lambda server: server.supervisor.stopProcess(service, False), NOT_RUNNING, BAD_NAME)
        deadline = time.monotonic() + STOPPING_TAKES
        while self._processes(host).get(service, {}).get("statename") == "STOPPING":
            if time.monotonic() > deadline:
                raise UserError(f"{service} does not stop", f"See: hubinstall logs {service}")
            host.wait(0.05)

    def _processes(self, host: Host) -> dict[str, dict[str, Any]]:
        """All programs by name; none if supervisord does not run."""
        return host.once("supervisor processes", lambda: processes(host))

    def tell(self, host: Host, ask: "Callable[[xmlrpc.client.ServerProxy], Any]", *fine: int) -> Any:
        """Send one command; the faults in `fine` mean that nothing was to do."""
        from hubinstall.machine.process_managers import supervisor_rpc as rpc  # noqa: PLC0415 - slow to import, no use under systemd

        try:
            with host.changing(), rpc.connection(host) as server:
                return ask(server)
        except rpc.Fault as fault:
            if fault.faultCode not in fine:
                hint = f"See: hubinstall logs {layout.SUPERVISORD}"
                raise UserError(f"supervisord refused a command: {fault.faultString}", hint) from None
        except rpc.SILENT as error:
            raise UserError(f"supervisord does not answer: {error}", "To start it, run: hubinstall start") from None


def processes(host: Host) -> dict[str, dict[str, Any]]:
    from hubinstall.machine.process_managers import supervisor_rpc as rpc  # noqa: PLC0415 - as above

    try:
        with rpc.connection(host) as server:
            answer: Any = server.supervisor.getAllProcessInfo()
    except (*rpc.SILENT, rpc.Error):
        return {}
    return {process["name"]: process for process in answer}


def shut_down(host: Host) -> None:
    """Tell supervisord to stop all programs and itself; returns at once."""
    Supervisor().tell(host, lambda server: server.supervisor.shutdown())
