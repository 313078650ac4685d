"""What one user's server may take of the machine, and how Docker is told.

The fields of ServerLimits are the keys of `limits` in config.yaml, and get here by their names: a new key needs its
field and what Docker is told of it, and nothing in between.
"""

from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerLimits:
    """Sizes in bytes (swap is not added to the memory), processors as a number of cores. None: no limit."""

    memory: int | None
    cpu: float | None
    processes: int
    shm: int | None
    """The size of /dev/shm; None: it follows from the memory, which it never exceeds."""


def of_docker(limits: ServerLimits) -> dict[str, Any]:
    """What of Docker's HostConfig follows from the limits."""
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
