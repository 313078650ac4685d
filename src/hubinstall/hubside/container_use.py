"""What containers use of the machine, from the kernel's control groups (versions 1 and 2): four small files each.

Docker's own answer (`docker stats`) takes a second or two for each call, and the daemon's time.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from hubinstall.hubside import cgroups

MOST = 16384
"""Bytes of the longest of the files, memory.stat: about 2000."""
NO_LIMIT = 1 << 60
"""Version 1 says a number of this size for none."""


@dataclass(frozen=True)
class Use:
    """Of one container. Bytes; `memory`: without cached files that nobody has used lately, as Docker counts it;
    `memory_limit`: 0 for none; `cpu`: seconds of processor time since its start.
    """

    memory: int = 0
    memory_limit: int = 0
    cpu: float = 0.0


def folders(names: Callable[[str], list[str]], ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Container id → the directories of its control group for memory and for processor time; one in version 2."""
    memory, cpu = cgroups.folders(names, "memory"), cgroups.folders(names, "cpuacct")
    return {id_: (memory[id_], cpu.get(id_, memory[id_])) for id_ in ids if id_ in memory}


def use(memory: str, cpu: str) -> Use:
    """`memory`, `cpu`: directories on this machine. What has ended meanwhile uses nothing."""
    if current := _read(f"{memory}/memory.current"):
        inactive = _field(_read(f"{memory}/memory.stat"), b"inactive_file")
        limit = _read(f"{memory}/memory.max").strip()
        return Use(max(0, int(current) - inactive), int(limit) if limit.isdigit() else 0, cpu_seconds(cpu))
    current = _read(f"{memory}/memory.usage_in_bytes") or b"0"
    inactive = _field(_read(f"{memory}/memory.stat"), b"total_inactive_file")
    most = int(_read(f"{memory}/memory.limit_in_bytes") or b"0")
    return Use(max(0, int(current) - inactive), most if most < NO_LIMIT else 0, cpu_seconds(cpu))


def cpu_seconds(folder: str) -> float:
    """Since the container's start."""
    if spent := _field(_read(f"{folder}/cpu.stat"), b"usage_usec"):
        return spent / 1e6
    return int(_read(f"{folder}/cpuacct.usage") or b"0") / 1e9


def _field(text: bytes, name: bytes) -> int:
    for line in text.splitlines():
        if line.startswith(name + b" "):
            return int(line[len(name) :])
    return 0


def _read(path: str) -> bytes:
    with suppress(OSError):
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(file, MOST)
        finally:
            os.close(file)
    return b""
