"""Which machine numbers are taken: each test run holds locks, so that a run that was killed blocks nothing."""

import fcntl
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness import store
from harness.cgroups import Cgroup
from harness.network import Link
from harness.nspawn import ProcessManager

# Below are the numbers of machines that people boot by hand.
NUMBERS = range(100, 250)
# An installation knows its address: what is made to be started again gets a number that no fresh machine takes.
FRESH = range(100, 200)
AGAIN = {ProcessManager.SYSTEMD: range(200, 225), ProcessManager.PLAIN: range(225, 250)}
# Names and addresses of machines are the test host's, whatever store their roots lie in.
LOCKS = Path("/run/lock/hubinstall-tests")


def for_snapshot(name: str, process_manager: ProcessManager) -> int:
    """The number of the machine that a snapshot is made on, and that is wished for whatever starts from it."""
    numbers = AGAIN[process_manager]
    return numbers[zlib.crc32(name.encode()) % len(numbers)]


@dataclass(frozen=True)
class Claim:
    """A number that is ours until `release`, or until this process ends."""

    number: int
    lock: IO[str]

    def keep(self, why: str) -> None:
        """The machine stays after this process: nobody else takes its number while it runs."""
        kept_marker(self.number).write_text(f"{why}\n")

    def release(self) -> None:
        self.lock.close()


def claim(wished: int | None = None) -> Claim:
    """A free number; the wished one if it is free."""
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
    """What was said of the machines that were kept and still run."""
    markers = {number: kept_marker(number) for number in NUMBERS if Link(number).namespace.exists()}
    return [marker.read_text() for number, marker in markers.items() if marker.exists() and _runs(number)]


def clear(number: int) -> None:
    """Take away what a machine of this number has left, and what of it still runs after its test run was killed."""
    link = Link(number)
    link.restore()
    link.down()
    Cgroup(link.name).clear()
    store.remove(store.home() / "machines" / link.name)


def kept_marker(number: int) -> Path:
    return store.folder("machines", Link(number).name) / "kept"


def _runs(number: int) -> bool:
    """Whether a process is in one of the machine's groups, or in one below these."""
    groups = Cgroup(Link(number).name).folders
    return any(procs.read_text().strip() for group in groups for procs in group.rglob("cgroup.procs"))
