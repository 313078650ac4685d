"""Our supervisord: the process manager if there is no systemd, with its own virtualenv, configuration and socket."""

import time
from dataclasses import dataclass
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.command_environment import BASE_ENVIRONMENT
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers import supervisor
from hubinstall.resources.base import Change, State
from hubinstall.resources.services.service import answers, environment

STOPS_WITHIN = 600.0
"""Seconds. supervisord stops its programs one after another."""
STARTS_WITHIN = 300.0
RUNLEVELS = "2345"


@dataclass(frozen=True)
class Supervisord:
    """supervisord runs with the present configuration, and init starts it at boot if there is an /etc/init.d."""

    kind: ClassVar[str] = "supervisord"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    started_with: str = ""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"running": True, "enabled": True, "started_with": self.started_with}

    def actual(self, host: Host) -> State | None:
        pid, enabled = running(host), at_boot(host)
        if not pid and not (enabled and host.exists(layout.INIT_SCRIPT)):
            return None
        started_with = environment(host, pid).get(layout.STARTED_WITH, "")
        return {"running": bool(pid), "enabled": enabled, "started_with": started_with}

    def apply(self, host: Host, change: Change) -> None:
        if change.before and change.before["started_with"] != self.started_with:
            shut_down(host)
        start(host)
        if not at_boot(host):
            host.run(["update-rc.d", "hubinstall", "defaults"])

    def remove(self, host: Host) -> None:
        shut_down(host)
        if host.which("update-rc.d"):
            host.remove(layout.INIT_SCRIPT)
            host.run(["update-rc.d", "hubinstall", "remove"], check=False)


def running(host: Host) -> int:
    """The PID of our supervisord; 0 if it does not run."""
    pid = host.text(layout.SUPERVISOR_PID).strip()
    ours = pid.isdigit() and environment(host, int(pid)).get(layout.SERVICE_NAME) == layout.SUPERVISORD
    return int(pid) if ours else 0


def at_boot(host: Host) -> bool:
    """Whether init starts it at boot. Also true if there is no init (a container, WSL): there people start it."""
    if not host.which("update-rc.d"):
        return True
    folders = [f"/etc/rc{level}.d" for level in RUNLEVELS]
    return any(name.startswith("S") and name.endswith("hubinstall") for f in folders for name in host.names(f))


def start(host: Host) -> None:
    """Start it unless it runs, in the environment that it has at boot and not in that of a shell."""
    if not running(host):
        clean = [f"{key}={value}" for key, value in BASE_ENVIRONMENT.items()]
        host.run(["env", "-i", *clean, layout.launcher(layout.SUPERVISORD)])
    deadline = time.monotonic() + STARTS_WITHIN
    while not (running(host) and answers(host, layout.SUPERVISOR_SOCKET)):
        if time.monotonic() > deadline:
            raise UserError("supervisord does not come up", host.text(layout.SUPERVISOR_LOG)[-2000:])
        host.wait(0.1)


def shut_down(host: Host) -> None:
    """Stop it with all its programs. Containers keep running."""
    pid = running(host)
    if not pid:
        return
    supervisor.shut_down(host)
    deadline = time.monotonic() + STOPS_WITHIN
    while running(host) == pid:
        if time.monotonic() > deadline:
            raise UserError(f"supervisord (pid {pid}) does not stop", f"See {layout.SUPERVISOR_LOG}.")
        host.wait(0.1)
