"""How much of the machine one user's server may use: whose limits these are, and the Docker options that say so.

The fields of ServerLimits are the keys of `limits` in config.yaml, and arrive here by name: a new key needs its field
and its Docker option, and nothing in between.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, TypeVar

from hubinstall.hubside.accounts import Account, group_ids

N = TypeVar("N", int, float)
MIB = 1024 * 1024
CPU_PERIOD, LEAST_QUOTA = 100_000, 1000
"""Microseconds: Docker's usual period of the scheduler, and the least of it that the kernel gives."""


@dataclass(frozen=True)
class ServerLimits:
    """Sizes are bytes (there is no swap on top of the memory), `cpu` is a number of cores. None: no limit."""

    memory: int | None
    cpu: float | None
    processes: int
    shm: int | None
    """The size of /dev/shm, never more than the memory. None: it is derived from the memory."""
    servers: int | None = None
    """How many servers with names a person may have besides the usual one. None: config.yaml says nothing."""


@dataclass(frozen=True)
class OtherLimits:
    """Of the members of groups, and of single people, instead of everybody's: name → the keys that its line has."""

    groups: dict[str, dict[str, float]] = field(default_factory=dict)
    users: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError if a key is missing or unknown."""
        known = {one.name for one in fields(ServerLimits)}
        lines = [line for kind in data.values() for line in kind.values()]
        if set(data) != {"groups", "users"} or any(set(line) - known for line in lines):
            raise ValueError("missing or unknown keys of other limits")
        return cls(**data)

    def of(self, account: Account, everyones: ServerLimits) -> ServerLimits:
        """The limits of this person: each key by itself. Groups that do not exist on this machine count for nobody."""
        mine = [name for name, gid in group_ids(self.groups).items() if gid in account.gids]
        return self.of_member(account.name, mine, everyones)

    def of_member(self, name: str, groups: Iterable[str], everyones: ServerLimits) -> ServerLimits:
        """The same for somebody whose groups are known."""
        mine = list(groups)

        def with_key(lines: dict[str, dict[str, float]], key: str) -> dict[str, float]:
            return {who: line[key] for who, line in lines.items() if key in line}

        chosen: dict[str, Any] = {
            one.name: most_generous(
                name, mine, with_key(self.users, one.name), with_key(self.groups, one.name),
                getattr(everyones, one.name),
            )
            for one in fields(ServerLimits)
        }  # fmt: skip
        return replace(everyones, **chosen)

    def any_has(self, key: str) -> bool:
        return any(line.get(key) for kind in (self.groups, self.users) for line in kind.values())


def most_generous(
    name: str, groups: Iterable[str], of_users: Mapping[str, N], of_groups: Mapping[str, N], everyones: N | None
) -> N | None:
    """A person's own line; else that of the most generous of the groups; else that of everyone."""
    if name in of_users:
        return of_users[name]
    return max((of_groups[group] for group in groups if group in of_groups), default=everyones)


def of_docker(limits: ServerLimits) -> dict[str, Any]:
    """The part of Docker's HostConfig that the limits decide."""
    config: dict[str, Any] = {"pids_limit": limits.processes}
    memory, shm = limits.memory, limits.shm
    if memory is not None:
        config |= {"mem_limit": memory, "memswap_limit": memory}
        shm = min(shm or max(64 * MIB, memory // 4), memory)
    if shm is not None:
        config["shm_size"] = shm
    if limits.cpu is not None:
        config |= {"cpu_period": CPU_PERIOD, "cpu_quota": cpu_quota(limits.cpu, CPU_PERIOD)}
    return config


def cpu_quota(cpu: float, period: int) -> int:
    """The microseconds of each period that so many cores are."""
    return max(LEAST_QUOTA, int(cpu * period))
