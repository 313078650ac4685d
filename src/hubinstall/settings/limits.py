"""`limits`: how much of the machine people's servers may use."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.types import Account, Cpus, Group, Memory, NamedServers, Processes, Shm
from hubinstall.settings.values.sizes import GIB, MIB
from hubinstall.settings.values.words import map_of_names

_MOST_UNASKED = 2 * GIB
"""The most memory that a server gets if the file does not set it."""
_MAP = map_of_names("{memory: 4G, cpu: 2}")


class LimitsOf(Section):
    """What the members of a group, or one person, have instead of everybody's; a key that is absent changes nothing."""

    memory: Memory | None = Field(None, description="Instead of `limits.memory`.", examples=["8G"])
    cpu: Cpus | None = Field(None, description="Instead of `limits.cpu`.", examples=[4])
    processes: Processes | None = Field(None, description="Instead of `limits.processes`.", examples=[4096])
    shm: Shm | None = Field(None, description="Instead of `limits.shm`.", examples=["2G"])
    servers: NamedServers | None = Field(None, description="Instead of `limits.servers`.", examples=[3])

    def conflicts(self) -> list[Conflict]:
        if not self.memory or (self.shm or 0) <= self.memory:
            return []
        hint = "try a smaller size, or more memory in the same line"
        return [Conflict(("shm",), ("memory", "shm"), "is larger than the memory that it counts towards", hint)]

    def said(self) -> dict[str, float]:
        """The keys that the file has, with sizes in bytes."""
        return self.model_dump(exclude_none=True)


class Limits(Section):
    memory: Memory | None = Field(
        None,
        description="The memory of one user's server, at least 128M, without extra swap. A number with K, M, G or T"
        " (powers of 1024), or a number of bytes. Default: 2G, or half of the machine's memory if that is less.",
        examples=["2G"],
    )
    cpu: Cpus = Field(1.0, description="How many cores one user's server may use; 0.5 is half a core.", examples=[2])
    processes: Processes = Field(
        1024,
        description="How many processes and threads one user's server may have, at least 64. Many libraries start one"
        " thread per core.",
        examples=[2048],
    )
    shm: Shm | None = Field(
        None,
        description="The size of /dev/shm in one user's server, at least 1M: memory that processes share, such as the"
        " workers of PyTorch's DataLoader. It counts towards `limits.memory` and is never larger. Default: a quarter of"
        " the memory, at least 64M.",
        examples=["1G"],
    )
    servers: NamedServers | None = Field(
        None,
        description="How many servers with names a person may have besides the usual one; each has the limits above."
        " Those that exist stay when the number becomes smaller. Default: none.",
        examples=[2],
    )
    groups: Annotated[dict[Group, LimitsOf], BeforeValidator(_MAP)] = Field(
        {},
        description="Other limits for the members of groups on this machine, from a server's next start on. Who is in"
        " several has the most generous of each key.",
        examples=[{"projects": {"memory": "8G", "cpu": 4}}],
    )
    users: Annotated[dict[Account, LimitsOf], BeforeValidator(_MAP)] = Field(
        {},
        description="Other limits for single people, whatever their groups have.",
        examples=[{"alice": {"memory": "16G"}}],
    )

    def conflicts(self) -> list[Conflict]:
        if (self.shm or 0) <= (self.memory or _MOST_UNASKED):
            return []
        hint = "try a smaller size, or a larger limits.memory (default: at most 2G)"
        return [Conflict(("shm",), ("memory", "shm"), "is larger than the memory that it counts towards", hint)]

    def memory_bytes(self, machine: int) -> int:
        """The limit in bytes on a machine with `machine` bytes of memory."""
        return self.memory or max(128 * MIB, min(_MOST_UNASKED, machine // 2))

    def everyones(self, machine: int) -> dict[str, Any]:
        """Every key of a single server's, with its default; sizes in bytes."""
        return self.model_dump(exclude={"groups", "users"}) | {"memory": self.memory_bytes(machine)}

    def others(self) -> dict[str, dict[str, dict[str, float]]]:
        """The lines of `groups` and of `users`, each with what it says; sizes in bytes."""
        return {
            kind: {name: line.said() for name, line in lines.items()}
            for kind, lines in (("groups", self.groups), ("users", self.users))
        }
