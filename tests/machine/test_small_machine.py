"""The documented minimum: 1 GB of memory, from nothing to a cell, and through a cold boot; nothing dies for memory."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import installed
from harness.cgroups import Cgroup
from harness.machine import Machine
from harness.nspawn import ProcessManager

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

GIB = 1 << 30
MIB = 1 << 20
EVERY = 0.5
"""Seconds between two looks at the machine's memory."""


@dataclass
class Memory:
    """Of a whole machine, as its control groups say (v1 or v2), while it is watched."""

    peak: int = 0
    """Bytes of processes and of files in memory (tmpfs); the kernel's cache of the disk does not count."""
    kills: dict[Path, int] = field(default_factory=dict)
    """Group → processes that the kernel ended in it for want of memory. Groups of ended containers stay listed."""

    def look(self, group: Path) -> None:
        stat = _numbers(group / "memory.stat")
        self.peak = max(self.peak, sum(stat.get(key, 0) for key in ("total_rss", "total_shmem", "anon", "shmem")))
        for name in ("memory.oom_control", "memory.events.local"):
            for events in group.rglob(name):
                if killed := _numbers(events).get("oom_kill", 0):
                    self.kills[events] = killed


def _numbers(file: Path) -> dict[str, int]:
    """Lines of a word and a number; none of a group that is gone."""
    try:
        return {word: int(number) for word, number in (line.split() for line in file.read_text().splitlines())}
    except OSError:
        return {}


@contextlib.contextmanager
def watched(machine: Machine) -> Iterator[Memory]:
    """Look at the machine's memory all through the block."""
    memory, over = Memory(), threading.Event()
    groups = [folder for folder in Cgroup(machine.name).folders if (folder / "memory.stat").exists()]

    def watch() -> None:
        while not over.wait(EVERY):
            with contextlib.suppress(FileNotFoundError):
                memory.look(groups[0])

    thread = threading.Thread(target=watch, name="memory")
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()
        memory.look(groups[0])


def test_one_gigabyte_is_enough_and_a_cold_boot_brings_it_back(
    boot: Callable[[Machine], Machine], process_manager: ProcessManager
) -> None:
    machine = boot(Machine(process_manager, memory=GIB))
    with watched(machine) as install:
        began = time.monotonic()
        installed.install(machine)
        took = time.monotonic() - began
    installed.add_person(machine)
    with watched(machine) as use:
        log_in_and_run(machine)
    print(f"1 GB, {process_manager}: installed in {took:.0f} s, at most {install.peak / MIB:.0f} MiB in use;",
          f"then with one server and a kernel at most {use.peak / MIB:.0f} MiB")  # fmt: skip
    machine.reboot(power_cut=True)
    with watched(machine) as after:
        installed.cold_start(machine)
        log_in_and_run(machine)
        assert installed.plan(machine) == []
    assert install.peak > 0
    assert [install.kills, use.kills, after.kills] == [{}, {}, {}]
    with watched(machine) as glutton:
        machine.run(["python3", "-c", "bytearray(2 << 30)[::4096] = bytes(2 << 18)"], check=False)
    assert glutton.kills, "a kill would have been seen"


def log_in_and_run(machine: Machine) -> None:
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("import numpy; print(numpy.arange(4).sum())") == "6\n"
        client.stop_server()
