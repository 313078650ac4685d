"""The Docker Engine: what it says of itself, its network for user servers, and settings that it has loaded.

What the Engine is told goes through the docker command, as a person would type it; what it is asked goes straight to
its socket (docs.docker.com/reference/api/engine), as the command alone takes longer to start than the Engine to answer.
Both mean this machine's Engine, whatever context root's docker command is set to.
"""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hubinstall import layout
from hubinstall.errors import CommandError, UserError
from hubinstall.host import Completed, Host
from hubinstall.resources.base import Change, State, look
from hubinstall.resources.json_keys import reload

AT_SOCKET = {"DOCKER_HOST": f"unix://{layout.DOCKER_SOCKET}", "DOCKER_CONTEXT": ""}
BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"
RELOAD_SECONDS = 10
START_SECONDS = 30


@dataclass(frozen=True)
class Engine:
    """What of the Engine counts here; `version` is empty when there is none, `running` whether it answers."""

    version: str = ""
    cgroup_driver: str = ""
    running: bool = False
    info: dict[str, Any] = field(default_factory=dict, hash=False)


def docker(host: Host, *arguments: str, check: bool = True, timeout: float = 1800) -> Completed:
    return host.run(["docker", *arguments], env=AT_SOCKET, check=check, timeout=timeout)


def asked(host: Host, path: str) -> dict[str, Any]:
    """What the Engine answers to GET `path` of its API; empty when it has nothing of the kind, or does not answer."""
    status, body = host.ask(layout.DOCKER_SOCKET, path)
    try:
        found: dict[str, Any] = json.loads(body) if status == 200 else {}
    except ValueError:
        return {}
    return found


def info(host: Host) -> dict[str, Any]:
    """What the Engine says of itself (`docker info`); empty when no Engine answers."""
    return host.once("docker info", lambda: _info(host))


def _info(host: Host) -> dict[str, Any]:
    found = asked(host, "/info")
    return found if found.get("ServerVersion") else {}


def inspect_image(host: Host, reference: str) -> dict[str, Any]:
    """What the Engine knows of an image on this machine; empty when it, or the Engine, is not there."""
    return asked(host, f"/images/{reference}/json")


def engine(host: Host) -> Engine:
    """The Engine that runs; or the one that would, by its program's own words."""
    if found := info(host):
        return Engine(found["ServerVersion"], found.get("CgroupDriver", ""), running=True, info=found)
    if host.which("dockerd") is None:
        return Engine()
    words = re.search(r"version (\S+?),", host.run(["dockerd", "--version"], check=False).stdout)
    return Engine(version=words[1] if words else "")


@dataclass(frozen=True)
class LiveRestore:
    """Containers live on while dockerd restarts. The wish stands in daemon.json; here it counts once it is loaded."""

    kind: ClassVar[str] = "docker-setting"
    lock: ClassVar[str | None] = "docker"
    name: str = "live-restore"
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"loaded": True}

    def actual(self, host: Host) -> State | None:
        found = info(host)
        return {"loaded": bool(found.get("LiveRestoreEnabled"))} if found else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        answering(host)
        reload(host, layout.DOCKER_PID)
        deadline = time.monotonic() + RELOAD_SECONDS
        while not _info(host).get("LiveRestoreEnabled"):
            if time.monotonic() > deadline:
                raise UserError(
                    "dockerd has not taken over live-restore from its configuration",
                    f"Its log says why (journalctl -u docker). The setting stands in {layout.DAEMON_JSON}.",
                )
            time.sleep(0.1)
        host.forget()

    def remove(self, host: Host) -> None:
        """The key in daemon.json is a resource of its own, and dockerd reads the file again when it goes."""


@dataclass(frozen=True)
class DockerNetwork:
    """A bridge network of our own, where containers do not reach each other.

    `label`: of the containers that are ours, and go with the network when it is removed.
    """

    kind: ClassVar[str] = "docker-network"
    lock: ClassVar[str | None] = "docker"
    name: str
    bridge: str = ""
    label: str = ""
    subnet: str = field(default="", repr=False)
    gateway: str = field(default="", repr=False)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {
            "driver": "bridge",
            "subnet": self.subnet,
            "gateway": self.gateway,
            "bridge": self.bridge,
            "icc": "false",
            "device": "present",
        }

    def actual(self, host: Host) -> State | None:
        found = inspect_network(host, self.name)
        if not found:
            return None
        pool = (found["IPAM"]["Config"] or [{}])[0]
        options = found["Options"] or {}
        return {
            "driver": found["Driver"],
            "subnet": pool.get("Subnet", ""),
            "gateway": pool.get("Gateway", ""),
            "bridge": options.get(BRIDGE_NAME, ""),
            "icc": options.get(ICC, "true"),
            "device": "present" if f"{self.bridge}:" in host.text("/proc/net/dev").split() else "absent",
        }

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        answering(host)
        change_now = look(self, host)  # an Engine that was just started did not answer the first look
        if change_now is None:
            return
        if change_now.before is not None:
            refuse_in_use(host, self.name, ", ".join(change_now.keys))
            docker(host, "network", "rm", self.name)
        try:
            docker(
                host, "network", "create", "--driver", "bridge", "--subnet", self.subnet, "--gateway", self.gateway,
                "--opt", f"{BRIDGE_NAME}={self.bridge}", "--opt", f"{ICC}=false", self.name,
            )  # fmt: skip
        except CommandError as error:
            if "overlap" not in error.output:
                raise
            raise UserError(
                f"Docker cannot make a network of {self.subnet}: {error.output.strip()}",
                "Another of its networks has these addresses (`docker network ls`). Set network.subnet to a free one.",
            ) from error

    def remove(self, host: Host) -> None:
        """With the containers of ours that are on it; others are only taken off it."""
        if host.which("docker") is None:
            return
        if not info(host):
            raise UserError(
                f"the Docker network {self.name} cannot be removed: Docker does not answer",
                "Start it, then run again.",
            )
        ours = docker(host, "ps", "--all", "--quiet", "--filter", f"label={self.label}").stdout.split()
        if ours:
            docker(host, "rm", "--force", *ours)
            host.forget()
        found = inspect_network(host, self.name)
        for container in attached(found):
            docker(host, "network", "disconnect", "--force", self.name, container)
        if found:
            docker(host, "network", "rm", self.name)


def answering(host: Host) -> None:
    """Wait for an Engine that is starting. Raises UserError when it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not _info(host):
        if time.monotonic() > deadline:
            raise UserError(
                f"no Docker Engine answers at {layout.DOCKER_SOCKET}",
                "Its log says why: `journalctl -u docker`, or `hubinstall logs docker` where it runs under supervisor.",
            )
        time.sleep(0.2)
    host.forget()


def inspect_network(host: Host, name: str) -> dict[str, Any]:
    """What the Engine knows of a network; empty when it, or the Engine, is not there."""
    return host.once(f"docker network {name}", lambda: asked(host, f"/networks/{name}"))


def attached(network: dict[str, Any]) -> list[str]:
    """The names of the running containers on a network."""
    return sorted(container["Name"] for container in (network.get("Containers") or {}).values())


def refuse_in_use(host: Host, name: str, what: str) -> None:
    """Raise UserError while containers run on the network."""
    if there := attached(inspect_network(host, name)):
        more = " …" if len(there) > 5 else ""
        raise UserError(
            f"the Docker network {name} has to be made anew ({what}), and {len(there)} containers run on it",
            f"Stop these servers first (hub: Admin → Stop all): {', '.join(there[:5])}{more}. Or leave it as it was.",
        )
