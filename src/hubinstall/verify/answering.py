"""Does one service really answer? That its process runs says little: a hub needs seconds until it listens."""

import json

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listening, open_files
from hubinstall.machine.process_managers.base import Manager
from hubinstall.resources.services.service import answers
from hubinstall.verify.http_probe import ask

SOCKETS = {layout.CONTAINERD_SERVICE: layout.CONTAINERD_SOCKET, layout.PROXY_SERVICE: layout.PROXY_API_SOCKET}
OK = 200


def silent(host: Host, manager: Manager, service: str) -> str:
    """What of a running service does not answer yet, in words; empty if it answers."""
    if service == layout.DOCKER_SERVICE and host.ask(layout.DOCKER_SOCKET, "/_ping")[0] != OK:
        return "running, but it does not answer at its socket yet"
    if service in SOCKETS and not answers(host, SOCKETS[service]):
        return "running, but it does not accept connections yet"
    if service == layout.NGINX_SERVICE and not _nginx(host):
        return "running, but it does not listen on a port yet"
    return _hub(host, manager) if service == layout.HUB_SERVICE else ""


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
        base, gateway = settings["base_url"], settings["gateway"]
    except (ValueError, KeyError, TypeError):
        return ""  # apply writes them anew; the hub's own log says what it misses
    through = manager.look(host, layout.PROXY_SERVICE).running
    at = str(host.path(layout.PROXY_PUBLIC_SOCKET)) if through else f"{gateway}:{layout.HUB_PORT}"
    answer = ask(at, f"{base}hub/health")
    if answer.status == OK:
        return ""
    return f"running, but it does not answer {'through the proxy ' if through else ''}yet: {answer.words}"
