"""The machines for measurements: the harness's, started from a snapshot that is kept between runs."""

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import installed, snapshots
from harness.cgroups import Cgroup, unified
from harness.installed import PERSON
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.kernel import Kernel

NAME = "measured"
ALL_CORES = os.sched_getaffinity(0)
PASSWORD = "mean-median-1935"
INSIDE = Path(__file__).parent / "inside"


def people(count: int) -> list[str]:
    """The people of `add_people`."""
    return [f"p{number:05}" for number in range(1, count + 1)]


def add_people(machine: Machine, count: int) -> None:
    """Create accounts with empty homes and the password PASSWORD; existing ones stay."""
    machine.push(INSIDE / "accounts.py", "/root/accounts.py")
    machine.run(["python3", "/root/accounts.py", str(count), PERSON])


def build(machine: Machine) -> None:
    """A machine set up by the README's command, with one person."""
    installed.install(machine)
    installed.add_person(machine, password=PASSWORD)


@contextlib.contextmanager
def installed_machine(kind: ProcessManager = ProcessManager.SYSTEMD) -> Iterator[Machine]:
    """A machine that hubinstall has set up, just booted, on `server_cores`; its hub answers."""
    snapshot = snapshots.earlier(NAME, kind)
    if snapshot is None:
        snapshots.remove_outdated(NAME, kind)
        snapshot = snapshots.make(NAME, kind, build)
    with on(server_cores()), Machine.from_snapshot(snapshot) as machine:
        installed.cold_start(machine)
        yield machine


def server_cores() -> set[int]:
    """The first two cores of the test host: the targets are given for a machine with two."""
    return set(sorted(ALL_CORES)[:2])


def client_cores() -> set[int]:
    """The other cores; on a test host with two cores there are none, and both share the two."""
    return (ALL_CORES - server_cores()) or ALL_CORES


@contextlib.contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """Threads and machines that are started within the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def first() -> Iterator[None]:
    """Within the block the load has priority over everything else on the test host: it must keep its rate."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, -15)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


@contextlib.contextmanager
def before_others(machine: Machine) -> Iterator[None]:
    """Within the block the machine as a whole has a larger share of the test host's cores than any other program, where
    both want them; what runs in it stays as it is. Only for what would otherwise measure the test host.
    """
    name, usual, more = ("cpu.weight", 100, 10000) if unified() else ("cpu.shares", 1024, 65536)
    files = [group / name for group in Cgroup(machine.name).folders if (group / name).exists()]
    for file in files:
        file.write_text(str(more))
    try:
        yield
    finally:
        for file in files:
            file.write_text(str(usual))


def answer(kernel: Kernel, timeout: float = 60) -> None:
    """Run a cell and check its output."""
    if (output := kernel.execute("print(6 * 7)", timeout).strip()) != "42":
        raise HubError("cell", f"the cell gave {output!r}")


def arguments(
    description: str | None, *, rounds: int, extend: Callable[[argparse.ArgumentParser], None] = lambda _: None
) -> argparse.Namespace:
    """The flags of every benchmark, and those that `extend` adds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how often each is measured (default {rounds})")
    parser.add_argument(
        "--process-manager", type=ProcessManager, default=ProcessManager.SYSTEMD, metavar="KIND",
        help="what runs services on the machine: systemd (default) or plain",
    )  # fmt: skip
    extend(parser)
    return parser.parse_args()
