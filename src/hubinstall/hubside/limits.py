"""How much of the machine one user's server may use, and the Docker options that say so.

The fields of ServerLimits are the keys of `limits` in config.yaml, and arrive here by name: a new key needs its field
and its Docker option, and nothing in between.
"""

from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerLimits:
    """Sizes are bytes (there is no swap on top of the memory), `cpu` is a number of cores. None: no limit."""

    memory: int | None
    cpu: float | None
    processes: int
    shm: int | None
    """The size of /dev/shm, never more than the memory. None: it is derived from the memory."""


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
        config |= {"cpu_period": 100_000, "cpu_quota": max(1000, int(limits.cpu * 100_000))}
    return config
