"""`hubinstall start | stop | restart`.

`start` runs at boot if systemd does not start the services. `stop` stops the way to people's servers (nginx, the proxy,
the hub); Docker and the servers keep running.
"""

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.activity import Patience
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Manager
from hubinstall.machine.process_managers.choice import installed, services
from hubinstall.report.words import say
from hubinstall.resources.services import supervisord
from hubinstall.resources.services.service import Reloads
from hubinstall.verify.answering import silent

STOPPABLE = (layout.HUB_SERVICE, layout.PROXY_SERVICE, layout.NGINX_SERVICE)
UP_WITHIN, LONGEST = 120.0, 1200.0
"""Seconds without any progress after which we give up waiting for the services, and seconds for all of it."""
NGINX = Reloads(("nginx", "-t", "-q"), layout.NGINX_LOADED, layout.NGINX_RECORDER, pid_file=layout.NGINX_PID)


def start(host: Host, service: str | None = None) -> int:
    """Start one service or all, and wait until they answer. After a boot, start supervisord first if it is needed."""
    manager, names = chosen(host, service)
    if manager.ours:
        supervisord.start(host)
    for name in names:
        if not manager.look(host, name).running:
            manager.define(host, name)
            manager.start(host, name)
    return _until_up(host, manager, names)


def stop(host: Host, service: str | None = None) -> int:
    """Stop one service, or those between people and their servers; the servers keep running."""
    manager, names = chosen(host, service)
    if manager.ours and not supervisord.running(host):
        raise UserError("supervisord does not run, so it cannot stop a service", "To start it, run: hubinstall start")
    for name in reversed(names):
        if service or name in STOPPABLE:
            if manager.look(host, name).known:
                manager.stop(host, name)
            say(f"{name}: stopped")
    return 0


def restart(host: Host, service: str | None = None, *, hard: bool = False) -> int:
    """Restart one service, or those between people and their servers. nginx only reloads, unless `hard`, so that open
    connections survive.
    """
    manager, names = chosen(host, service)
    if manager.ours:
        supervisord.start(host)
    wanted = [name for name in names if service or name in STOPPABLE]
    for name in wanted:
        manager.define(host, name)
        if name == layout.NGINX_SERVICE and not hard and manager.look(host, name).running:
            NGINX.reload(host, manager, name)
        else:
            manager.restart(host, name)
    return _until_up(host, manager, wanted)


def stopped(host: Host) -> list[str]:
    """Which of Docker and nginx are not running now; they still run if somebody else had started them before us."""
    programs = {"Docker": layout.DOCKER_PID, "nginx": layout.NGINX_PID}
    pids = {name: host.text(path).strip() for name, path in programs.items()}
    return [name for name, pid in pids.items() if not (pid.isdigit() and host.exists(f"/proc/{pid}"))]


def chosen(host: Host, service: str | None) -> tuple[Manager, list[str]]:
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
    """Wait until all answer, and say it of each one as soon as it does. All are asked again until none is missing: the
    hub that answered may be asked through the proxy only now.
    """
    said: set[str] = set()
    patience = {name: Patience(UP_WITHIN, LONGEST, host.path("/proc")) for name in names}
    while True:
        seen = {name: manager.look(host, name) for name in names}
        states = {name: silent(host, manager, name) if seen[name].running else seen[name].words for name in names}
        waiting = {name: words for name, words in states.items() if words}
        for name in names:
            if name not in waiting and name not in said:
                said.add(name)
                say(f"{name}: running")
        if not waiting or all(patience[name].is_over(seen[name].pid) for name in waiting):
            break
        host.wait(0.2)
    for name, words in waiting.items():
        say(f"{name}: {words}")
    if waiting:
        raise UserError(f"not running: {', '.join(waiting)}", f"To see why, run: hubinstall logs {next(iter(waiting))}")
    return 0
