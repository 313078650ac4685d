"""The Docker Engine: queries to its API, and the docker command.

Changes go through the docker command, as a person would type it. Queries go straight to the Engine's socket
(docs.docker.com/reference/api/engine), because the command takes longer to start than the Engine to answer. Both use
this machine's Engine, whatever context root's docker command is set to.
"""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from hubinstall import layout
from hubinstall.errors import CommandError, UserError
from hubinstall.machine.host import Completed, Host
from hubinstall.machine.process_managers.systemd import unit, units

AT_SOCKET = {"DOCKER_HOST": f"unix://{layout.DOCKER_SOCKET}", "DOCKER_CONTEXT": ""}

ENGINE = "dockerd"
STOPPED = "Docker is stopped; to start it, run: hubinstall start docker"
DAEMONS = (ENGINE, "containerd")
"""The programs that do what the docker command asks for."""
START_SECONDS = 300


@dataclass(frozen=True)
class Engine:
    """What matters here about the Engine. `version`: empty if there is none; `running`: whether it answers."""

    version: str = ""
    cgroup_driver: str = ""
    running: bool = False
    info: dict[str, Any] = field(default_factory=dict, hash=False)


def docker(host: Host, *arguments: str, check: bool = True) -> Completed:
    """Change something with the docker command. It hangs when neither it nor the Engine gets further."""
    return host.run(["docker", *arguments], env=AT_SOCKET, check=check, daemons=DAEMONS)


def docker_query(host: Host, *arguments: str, check: bool = True) -> Completed:
    """Query something with the docker command. An Engine that is stopped is not started by it."""
    if is_stopped(host):
        argv = ["docker", *arguments]
        if check:
            raise CommandError(argv, 1, STOPPED)
        return Completed(argv, 1, "", STOPPED)
    return host.query(["docker", *arguments], env=AT_SOCKET, check=check)


def asked(host: Host, path: str) -> dict[str, Any]:
    """The Engine's answer to GET `path` of its API; empty if there is no such thing, no answer, or it is stopped."""
    if is_stopped(host):
        return {}
    status, body = host.ask(layout.DOCKER_SOCKET, path)
    try:
        found: dict[str, Any] = json.loads(body) if status == 200 else {}
    except ValueError:
        return {}
    return found


def container_ids(host: Host) -> set[str] | None:
    """Of all containers that the Engine knows, whatever their state; None if no Engine answers."""
    if is_stopped(host):
        return None
    status, body = host.ask(layout.DOCKER_SOCKET, "/containers/json?all=1")
    try:
        return {container["Id"] for container in json.loads(body)} if status == 200 else None
    except (ValueError, TypeError, KeyError):
        return None


def is_stopped(host: Host) -> bool:
    """Whether the Engine is stopped. systemd would start it for anyone who connects to its socket (docker.socket)."""
    pid = host.text(layout.DOCKER_PID).strip()
    if pid and host.text(f"/proc/{pid}/comm").strip() == ENGINE:
        return False
    if not host.exists(layout.SYSTEMD_RUNS):
        return False
    service = units(host).get(unit(layout.DOCKER_SERVICE), {})
    return service.get("LoadState") == "loaded" and service["ActiveState"] in {"inactive", "failed"}


def info(host: Host) -> dict[str, Any]:
    """The Engine's information about itself (`docker info`); empty if no Engine answers."""
    return host.once("docker info", lambda: _info(host))


def _info(host: Host) -> dict[str, Any]:
    found = asked(host, "/info")
    return found if found.get("ServerVersion") else {}


def inspect_image(host: Host, reference: str) -> dict[str, Any]:
    """The Engine's information about an image on this machine; empty if there is no such image, or no Engine."""
    return asked(host, f"/images/{reference}/json")


def engine(host: Host) -> Engine:
    """The running Engine; if none runs, the installed one, according to its program."""
    if found := info(host):
        return Engine(found["ServerVersion"], found.get("CgroupDriver", ""), running=True, info=found)
    if host.which("dockerd") is None:
        return Engine()
    words = re.search(r"version (\S+?),", host.query(["dockerd", "--version"], check=False).stdout)
    return Engine(version=words[1] if words else "")


def answering(host: Host) -> None:
    """Wait for an Engine that is starting. Raises UserError if that takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not _info(host):
        if time.monotonic() > deadline:
            raise UserError(
                f"no Docker Engine answers at {layout.DOCKER_SOCKET}",
                "Its log says why: run `journalctl -u docker`, or `hubinstall logs docker` if supervisor runs it.",
            )
        time.sleep(0.2)
    host.forget()  # the Engine started by itself: answers from before are no longer true


def inspect_network(host: Host, name: str) -> dict[str, Any]:
    """The Engine's information about a network; empty if there is no such network, or no Engine."""
    return host.once(f"docker network {name}", lambda: asked(host, f"/networks/{name}"))


def shown(container: str) -> str:
    """A container's name, for people."""
    return container.removesuffix(layout.CONTAINER_TAIL)


def attached(network: dict[str, Any]) -> list[str]:
    """The names of the running containers on a network."""
    return sorted(container["Name"] for container in (network.get("Containers") or {}).values())
