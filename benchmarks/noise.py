"""How busy the test host was with other work during a measurement: without this a result says little."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.cgroups import Cgroup, unified
from harness.machine import Machine

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """Core seconds since boot: of the whole test host, of the machine, of this process."""

    clock: float
    host: float
    machine: float
    client: float


def describe() -> str:
    """The test host's model, cores and current load averages."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unnamed")
    return f"{os.cpu_count()} cores ({model}), load {' '.join(f'{load:.1f}' for load in os.getloadavg())}"


@contextlib.contextmanager
def watched(machine: Machine) -> Iterator[None]:
    """Print at the end how many cores were busy during the block, and with what."""
    before = used(machine)
    yield
    print(f"\n{shares(before, used(machine))}")


def used(machine: Machine) -> Used:
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    busy = sum(fields) - fields[3] - fields[4]  # without idle and iowait, but with the time stolen by the hypervisor
    times = os.times()  # without its children: they are commands inside the machine and counted there
    return Used(time.monotonic(), busy / TICK, machine_seconds(machine), times.user + times.system)


def machine_seconds(machine: Machine) -> float:
    """Core seconds that the machine's processes have used."""
    for group in Cgroup(machine.name).folders:
        if unified():
            stat = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
            return int(stat["usage_usec"]) / 1e6
        if (group / "cpuacct.usage").exists():
            return int((group / "cpuacct.usage").read_text()) / 1e9
    return 0.0


def shares(before: Used, after: Used) -> str:
    took = after.clock - before.clock
    machine, client = after.machine - before.machine, after.client - before.client
    others = max(0.0, after.host - before.host - machine - client)
    return (
        f"In {took:.0f} s of {os.cpu_count()} cores were busy: the machine {machine / took:.2f} "
        f"({machine:.0f} s in all), "
        f"the client {client / took:.2f}, all else on the test host {others / took:.2f}. "
        f"Load at the end: {' '.join(f'{load:.1f}' for load in os.getloadavg())}."
    )
