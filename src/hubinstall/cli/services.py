"""`hubinstall start | stop | restart | logs`.

`start` is what is told to run at boot where systemd does not. `stop` stops what people come through (nginx, the
proxy, the hub); Docker goes on, and with it everyone's server.
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
"""Seconds that all services have to come up."""


def start(host: Host, service: str | None = None) -> int:
    """Start all, or one, and wait until they run. Starts supervisord first where it does not run (after a boot)."""
    manager, names = _chosen(host, service)
    if manager.ours:
        supervisord.start(host)
    for name in names:
        if not manager.look(host, name).running:
            manager.define(host, name)
            manager.start(host, name)
    return _until_up(host, manager, names)


def stop(host: Host, service: str | None = None) -> int:
    """Stop one, or those through which people come in; whatever runs in people's servers goes on."""
    manager, names = _chosen(host, service)
    for name in reversed(names):
        if service or name in STOPPABLE:
            if manager.look(host, name).known:
                manager.stop(host, name)
            say(f"{name}: stopped")
    return 0


def restart(host: Host, service: str | None = None) -> int:
    """Restart one, or those through which people come in; then nginx only reloads, and keeps open connections."""
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
    """Docker and nginx, where they do not run; those that somebody else started before us still do."""
    programs = {"Docker": layout.DOCKER_PID, "nginx": layout.NGINX_PID}
    pids = {name: host.text(path).strip() for name, path in programs.items()}
    return [name for name, pid in pids.items() if not (pid.isdigit() and host.exists(f"/proc/{pid}"))]


def logs(host: Host, service: str | None = None, *, lines: int = 100, follow: bool = False) -> int:
    """Show what a service wrote, or hubinstall itself; ends as the command that shows it."""
    if service in {None, "hubinstall", layout.SUPERVISORD}:
        path = layout.SUPERVISOR_LOG if service == layout.SUPERVISORD else layout.LOG_FILE
        return host.show(["tail", f"--lines={lines}", *(["-F"] if follow else []), path])
    manager, names = _chosen(host, service)
    return host.show(manager.log_command(names[0], lines, follow=follow))


def _chosen(host: Host, service: str | None) -> tuple[Manager, list[str]]:
    """The manager, and the one service or all of them. Raises UserError where there is none of that name."""
    manager = installed(host)
    names = services(host, manager)
    if not names:
        raise UserError("nothing is installed here", "Install it: hubinstall apply")
    if service is None:
        return manager, names
    name = service.removesuffix(".service")
    if name not in names:
        raise UserError(f"there is no service {service!r}", f"There are: {', '.join(names)}", code=2)
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
        raise UserError(f"not running: {', '.join(down)}", f"See why: hubinstall logs {next(iter(down))}")
    return 0
