"""`hubinstall start | stop | restart | logs`.

`start` runs at boot if systemd does not start the services. `stop` stops the way to people's servers (nginx, the proxy,
the hub); Docker and the servers keep running.
"""

import time

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Look, Manager
from hubinstall.machine.process_managers.choice import installed, services
from hubinstall.report.words import say
from hubinstall.resources.services import supervisord

STOPPABLE = (layout.HUB_SERVICE, layout.PROXY_SERVICE, layout.NGINX_SERVICE)
UP_WITHIN = 120.0
"""Seconds until all services must be running."""


def start(host: Host, service: str | None = None) -> int:
    """Start one service or all, and wait until they run. After a boot, start supervisord first if it is needed."""
    manager, names = _chosen(host, service)
    if manager.ours:
        supervisord.start(host)
    for name in names:
        if not manager.look(host, name).running:
            manager.define(host, name)
            manager.start(host, name)
    return _until_up(host, manager, names)


def stop(host: Host, service: str | None = None) -> int:
    """Stop one service, or those between people and their servers; the servers keep running."""
    manager, names = _chosen(host, service)
    for name in reversed(names):
        if service or name in STOPPABLE:
            if manager.look(host, name).known:
                manager.stop(host, name)
            say(f"{name}: stopped")
    return 0


def restart(host: Host, service: str | None = None) -> int:
    """Restart one service, or those between people and their servers; in the second case nginx only reloads, so that
    open connections survive.
    """
    manager, names = _chosen(host, service)
    if manager.ours:
        supervisord.start(host)
    chosen = [name for name in names if service or name in STOPPABLE]
    for name in chosen:
        manager.define(host, name)
        gently = name == layout.NGINX_SERVICE and not service and manager.look(host, name).running
        (manager.reload if gently else manager.restart)(host, name)
    return _until_up(host, manager, chosen)


def stopped(host: Host) -> list[str]:
    """Which of Docker and nginx are not running now; they still run if somebody else had started them before us."""
    programs = {"Docker": layout.DOCKER_PID, "nginx": layout.NGINX_PID}
    pids = {name: host.text(path).strip() for name, path in programs.items()}
    return [name for name, pid in pids.items() if not (pid.isdigit() and host.exists(f"/proc/{pid}"))]


def logs(host: Host, service: str | None = None, *, lines: int = 100, follow: bool = False) -> int:
    """Show the log of a service or of hubinstall itself; returns the exit code of the command that shows it."""
    if service in {None, "hubinstall", layout.SUPERVISORD}:
        path = layout.SUPERVISOR_LOG if service == layout.SUPERVISORD else layout.LOG_FILE
        return host.show(["tail", f"--lines={lines}", *(["-F"] if follow else []), path])
    manager, names = _chosen(host, service)
    return host.show(manager.log_command(names[0], lines, follow=follow))


def _chosen(host: Host, service: str | None) -> tuple[Manager, list[str]]:
    """The process manager, and the service or all of them. Raises UserError if no service has that name."""
    manager = installed(host)
    names = services(host, manager)
    if not names:
        raise UserError("JupyterHub is not installed on this machine", "To install it, run: hubinstall apply")
    if service is None:
        return manager, names
    name = service.removesuffix(".service")
    if name not in names:
        raise UserError(f"there is no service {service!r}", f"The services are: {', '.join(names)}", code=2)
    return manager, [name]


def _until_up(host: Host, manager: Manager, names: list[str]) -> int:
    deadline = time.monotonic() + UP_WITHIN
    down: dict[str, Look] = {}
    while True:
        down = {name: seen for name in names if not (seen := manager.look(host, name)).running}
        if not down or time.monotonic() > deadline:
            break
        host.wait(0.2)
    for name in names:
        say(f"{name}: {down[name].words if name in down else 'running'}")
    if down:
        raise UserError(f"not running: {', '.join(down)}", f"To see why, run: hubinstall logs {next(iter(down))}")
    return 0
