"""One control group per machine, so that machines do not share Docker's groups and one may be small.

Both of the kernel's interfaces: one tree per controller (v1) and the unified tree (v2).
"""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


def unified() -> bool:
    return (MOUNT / "cgroup.controllers").exists()


def trees() -> list[Path]:
    return [MOUNT] if unified() else sorted(p.parent for p in MOUNT.glob("*/cgroup.procs") if not p.parent.is_symlink())


@dataclass(frozen=True)
class Cgroup:
    """The group of one machine in every tree; `memory` limits the whole machine, in bytes."""

    name: str
    memory: int | None = None

    @property
    def folders(self) -> list[Path]:
        return [tree / self.name for tree in trees()]

    def create(self) -> None:
        self.clear()
        for group in self.folders:
            group.mkdir(exist_ok=True)
            # Without its sets copied, a cpuset group of v1 takes no process.
            if (group / "cpuset.mems").exists() and not unified():
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (group / name).write_text((group.parent / name).read_text())
                (group / "cgroup.clone_children").write_text("1")
            limit = group / ("memory.max" if unified() else "memory.limit_in_bytes")
            if limit.exists():
                # Also without a limit: a group of this name may have been left by a smaller machine.
                limit.write_text(str(self.memory or ("max" if unified() else -1)))

    def clear(self) -> None:
        """Take away what a machine of this name has left: its groups, and its processes if its test run was killed."""
        for procs in (file for group in self.folders if group.exists() for file in group.rglob("cgroup.procs")):
            with contextlib.suppress(OSError):  # a group may go meanwhile, and a process
                for pid in filter(int, procs.read_text().split()):  # 0: of a namespace that cannot be seen from here
                    _kill(int(pid))
        self.remove()

    def remove(self) -> None:
        """Take the groups away, those included that the machine made inside; its processes have ended."""
        until = time.monotonic() + 5
        # Each time all of them: one that is busy must not keep the others, which the next machine would inherit.
        while [group for group in self.folders if not _remove_tree(group)] and time.monotonic() < until:
            time.sleep(0.1)


def joining(pid: int) -> list[str]:
    """The files to write a process id to, so that the process is where `pid` is."""
    files = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        tree = MOUNT if unified() else MOUNT / (controllers.removeprefix("name=") or "unified")
        procs = tree / path.lstrip("/") / "cgroup.procs"
        if procs.exists():
            files.append(str(procs))
    return files


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _remove_tree(group: Path) -> bool:
    if not group.exists():
        return True
    for child in sorted(group.rglob("*/"), key=lambda p: len(p.parts), reverse=True):
        with contextlib.suppress(OSError):
            child.rmdir()
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()
