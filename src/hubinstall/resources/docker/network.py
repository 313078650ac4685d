"""The Docker network of people's servers."""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.errors import CommandError, UserError
from hubinstall.hubside.network import ServerNetwork, properties_of
from hubinstall.machine.docker import answering, attached, docker, docker_query, info, inspect_network, shown
from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State, look
from hubinstall.resources.docker import lost_servers

LOST = "servers unknown to Docker"


@dataclass(frozen=True)
class DockerNetwork:
    """A bridge network of our own, on which containers cannot reach each other.

    `label`: the label of our containers, which are removed with the network.
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

    @property
    def described(self) -> ServerNetwork:
        """The same for the hub, which creates the network if it is removed."""
        return ServerNetwork(self.name, self.bridge, self.subnet, self.gateway)

    def desired(self) -> State:
        return {**self.described.properties(), LOST: ""}

    def actual(self, host: Host) -> State | None:
        found = inspect_network(host, self.name)
        if not found:
            return None
        lost = ", ".join(sorted(server.person for server in lost_servers.lost_servers(host)))
        return {**properties_of(found, self.bridge, host.text("/proc/net/dev")), LOST: lost}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        answering(host)
        lost_servers.end(host)  # they are attached to its bridge
        change_now = look(self, host)  # an Engine that was starting did not answer the first time
        if change_now is None:
            return
        if change_now.before is not None:
            refuse_in_use(host, self.name, ", ".join(change_now.keys))
            docker(host, "network", "rm", self.name)
        options = [word for key, value in self.described.options.items() for word in ("--opt", f"{key}={value}")]
        try:
            docker(
                host, "network", "create", "--driver", "bridge", "--subnet", self.subnet, "--gateway", self.gateway,
                *options, self.name,
            )  # fmt: skip
        except CommandError as error:
            if "overlap" not in error.output:
                raise
            raise UserError(
                f"Docker cannot create a network with the subnet {self.subnet}: {error.output.strip()}",
                "Another Docker network uses these addresses (`docker network ls`). Set network.subnet to a free one.",
            ) from error

    def remove(self, host: Host) -> None:
        """Remove it together with our containers; other containers are only disconnected from it."""
        if host.which("docker") is None:
            return
        if not info(host):
            raise UserError(
                f"the Docker network {self.name} cannot be removed: Docker does not answer",
                "Start Docker, then run it again.",
            )
        lost_servers.end(host)
        ours = docker_query(host, "ps", "--all", "--quiet", "--filter", f"label={self.label}").stdout.split()
        if ours:
            docker(host, "rm", "--force", *ours)
        found = inspect_network(host, self.name)
        for container in attached(found):
            docker(host, "network", "disconnect", "--force", self.name, container)
        if found:
            docker(host, "network", "rm", self.name)


def refuse_in_use(host: Host, name: str, what: str) -> None:
    """Raise UserError if running containers are attached to the network. `what`: the properties that differ."""
    if there := attached(inspect_network(host, name)):
        some = ", ".join(map(shown, there[:5]))
        more = f" and {len(there) - 5} more" if len(there) > 5 else ""
        raise UserError(
            f"the Docker network {name} must be recreated (to change its {what}), but containers run on it",
            f"Stop these servers first (hub: Admin → Stop all): {some}{more}. Or undo the change.",
        )
