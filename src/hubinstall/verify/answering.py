"""Does one service really answer? That its process runs says little: a hub needs seconds until it listens."""

import json

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listening, open_files
from hubinstall.machine.process_managers.base import Manager
from hubinstall.resources.services.service import answers, environment
from hubinstall.verify.http_probe import ask

SOCKETS = {
    layout.CONTAINERD_SERVICE: layout.CONTAINERD_SOCKET,
    layout.BROKER_SERVICE: layout.BROKER_SOCKET,
    layout.ACCOUNTS_SERVICE: layout.ACCOUNTS_SOCKET,
    layout.PROXY_SERVICE: layout.PROXY_API_SOCKET,
}
OK = 200
SHELL = "/bin/sh"
"""What runs the launchers."""


def silent(host: Host, manager: Manager, service: str) -> str:
    """What of a running service does not answer yet, in words; empty if it answers."""
    if manager.ours and _launching(host, manager, service):
        return "starting"
    if service == layout.DOCKER_SERVICE and host.ask(layout.DOCKER_SOCKET, "/_ping")[0] != OK:
        return "running, but it does not answer at its socket yet"
    if service in SOCKETS and not answers(host, SOCKETS[service]):
        return "running, but it does not accept connections yet"
    if service == layout.NGINX_SERVICE and not _nginx(host):
        return "running, but it does not listen on a port yet"
    return _hub(host, manager) if service == layout.HUB_SERVICE else ""


def _launching(host: Host, manager: Manager, service: str) -> bool:
    """Whether the launcher has not started the program yet: who answers is one that a killed supervisord has left, and
    that the launcher ends. nginx's launcher, and Docker's, may also wait as long as somebody else's runs here.
    """
    pid = manager.look(host, service).pid
    launcher = bool(pid) and same_file(host, f"/proc/{pid}/exe", SHELL)
    if service in {layout.HUB_SERVICE, layout.PROXY_SERVICE, layout.BROKER_SERVICE, layout.ACCOUNTS_SERVICE}:
        return launcher or (bool(pid) and _left(host, service, pid))  # a hub ends only when its open requests do
    return launcher and service in {layout.DOCKER_SERVICE, layout.CONTAINERD_SERVICE} and _left(host, service, pid)


def _left(host: Host, service: str, main: int) -> bool:
    """Whether a process of this service runs beside the present one, its children, and the containers' shims."""
    for name in host.names("/proc"):
        if name.isdigit() and environment(host, int(name)).get(layout.SERVICE_NAME) == service:
            status = host.text(f"/proc/{name}/status")
            if f"\nPPid:\t{main}\n" not in status and int(name) != main and "containerd-shim" not in status:
                return True
    return False


def same_file(host: Host, one: str, other: str) -> bool:
    try:
        return host.path(one).samefile(host.path(other))
    except OSError:
        return False


def _nginx(host: Host) -> bool:
    """Whether a port of nginx's master process accepts connections, at an address of its own choice."""
    master = host.text(layout.NGINX_PID).strip()
    held = open_files(host, int(master)) if master.isdigit() else []
    places = (place for inode, place in listening(host).items() if f"socket:[{inode}]" in held)
    return any(answers(host, f"{address}:{port}") for address, port in places)


def _hub(host: Host, manager: Manager) -> str:
    """The hub is asked through the proxy, as by people, unless the proxy is stopped."""
    try:
        settings = json.loads(host.text(layout.HUB_SETTINGS))
        base, gateway = settings["base_url"], settings["network"]["gateway"]
    except (ValueError, KeyError, TypeError):
        return ""  # apply writes them again; the hub's own log says what it misses
    through = manager.look(host, layout.PROXY_SERVICE).running
    at = str(host.path(layout.PROXY_PUBLIC_SOCKET)) if through else f"{gateway}:{layout.HUB_PORT}"
    answer = ask(at, f"{base}hub/health")
    if answer.status == OK:
        return ""
    return f"running, but it does not answer {'through the proxy ' if through else ''}yet: {answer.words}"
