"""The machine numbers in use: each test run holds locks, so that a killed run blocks nothing."""

import fcntl
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness import store
from harness.cgroups import Cgroup
from harness.network import Link
from harness.nspawn import ProcessManager

# Lower numbers are for machines that people boot by hand.
NUMBERS = range(100, 250)
# An installation knows its address, so a machine that becomes a snapshot gets a number that no fresh machine uses.
FRESH = range(100, 200)
AGAIN = {ProcessManager.SYSTEMD: range(200, 225), ProcessManager.PLAIN: range(225, 250)}
# The names and addresses of machines are shared by the whole test host, whatever store their roots are in.
LOCKS = Path("/run/lock/hubinstall-tests")


def for_snapshot(name: str, process_manager: ProcessManager) -> int:
    """The number of the machine that becomes a snapshot; machines that start from the snapshot ask for it first."""
    numbers = AGAIN[process_manager]
    return numbers[zlib.crc32(name.encode()) % len(numbers)]


@dataclass(frozen=True)
class Claim:
    """A number that is ours until `release`, or until this process ends."""

    number: int
    lock: IO[str]

    def keep(self, why: str) -> None:
        """The machine outlives this process: nobody else takes its number while it runs."""
        kept_marker(self.number).write_text(f"{why}\n")

    def release(self) -> None:
        self.lock.close()


def claim(wished: int | None = None) -> Claim:
    """A free number; the preferred one if it is free."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    for number in [*([wished] if wished else []), *FRESH]:
        lock = (LOCKS / f"machine-{number}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if not (kept_marker(number).exists() and _runs(number)):
            clear(number)
            if not Link(number).in_use():
                return Claim(number, lock)
        lock.close()
    raise store.StoreError("all machine numbers are taken; kept machines can be ended")


def kept() -> list[str]:
    """The descriptions of kept machines that are still running."""
    markers = {number: kept_marker(number) for number in NUMBERS if Link(number).namespace.exists()}
    return [marker.read_text() for number, marker in markers.items() if marker.exists() and _runs(number)]


def clear(number: int) -> None:
    """Remove what a machine with this number has left, including processes of a killed test run."""
    link = Link(number)
    link.restore()
    link.down()
    Cgroup(link.name).clear()
    store.remove(store.home() / "machines" / link.name)


def kept_marker(number: int) -> Path:
    return store.folder("machines", Link(number).name) / "kept"


def _runs(number: int) -> bool:
    """Whether a process is in one of the machine's groups or in a group below."""
    groups = Cgroup(Link(number).name).folders
    return any(procs.read_text().strip() for group in groups for procs in group.rglob("cgroup.procs"))
