"""The Docker Engine: what it says of itself, its network for user servers, and settings that it has loaded.

What the Engine is told goes through the docker command, as a person would type it; what it is asked goes straight to
its socket (docs.docker.com/reference/api/engine), as the command alone takes longer to start than the Engine to answer.
Both mean this machine's Engine, whatever context root's docker command is set to.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.errors import CommandError, UserError
from hubinstall.machine.docker import answering, attached, docker, docker_query, info, inspect_network
from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State, look

BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"


@dataclass(frozen=True)
class DockerNetwork:
    """A bridge network of our own, where containers do not reach each other.

    `label`: of the containers that are ours, and go with the network when it is removed.
    """

    kind: ClassVar[str] = "docker-network"
    lock: ClassVar[str | None] = "docker"
    stays: ClassVar[bool] = False
    name: str
    bridge: str = field(default="", metadata=KEPT)
    label: str = field(default="", metadata=KEPT)
    subnet: str = ""
    gateway: str = ""
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
        ours = docker_query(host, "ps", "--all", "--quiet", "--filter", f"label={self.label}").stdout.split()
        if ours:
            docker(host, "rm", "--force", *ours)
        found = inspect_network(host, self.name)
        for container in attached(found):
            docker(host, "network", "disconnect", "--force", self.name, container)
        if found:
            docker(host, "network", "rm", self.name)


def refuse_in_use(host: Host, name: str, what: str) -> None:
    """Raise UserError while containers run on the network."""
    if there := attached(inspect_network(host, name)):
        more = " …" if len(there) > 5 else ""
        raise UserError(
            f"the Docker network {name} has to be made anew ({what}), and {len(there)} containers run on it",
            f"Stop these servers first (hub: Admin → Stop all): {', '.join(there[:5])}{more}. Or leave it as it was.",
        )
