"""One control group per machine, so that machines do not share Docker's groups, and a machine can be small.

Supports both interfaces of the kernel: one tree per controller (v1) and the unified tree (v2).
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
    """The group of one machine in every tree; `memory` is the limit of the whole machine in bytes."""

    name: str
    memory: int | None = None

    @property
    def folders(self) -> list[Path]:
        return [tree / self.name for tree in trees()]

    def create(self) -> None:
        self.clear()
        for group in self.folders:
            group.mkdir(exist_ok=True)
            # A cpuset group of v1 accepts no process until its sets are copied.
            if (group / "cpuset.mems").exists() and not unified():
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (group / name).write_text((group.parent / name).read_text())
                (group / "cgroup.clone_children").write_text("1")
            limit = group / ("memory.max" if unified() else "memory.limit_in_bytes")
            if limit.exists():
                # Also if there is no limit: a smaller machine may have left a group of this name.
                limit.write_text(str(self.memory or ("max" if unified() else -1)))

    def clear(self) -> None:
        """Remove what a machine of this name has left: its groups, and its processes if its test run was killed."""
        for procs in (file for group in self.folders if group.exists() for file in group.rglob("cgroup.procs")):
            with contextlib.suppress(OSError):  # a group or a process may disappear meanwhile
                for pid in filter(int, procs.read_text().split()):  # 0: a process of a namespace that is invisible here
                    _kill(int(pid))
        self.remove()

    def remove(self) -> None:
        """Remove the groups, including those that the machine created inside. Its processes have ended."""
        until = time.monotonic() + 5
        # Try all of them each time: a busy one must not keep the others, which the next machine would inherit.
        while [group for group in self.folders if not _remove_tree(group)] and time.monotonic() < until:
            time.sleep(0.1)


def joining(pid: int) -> list[str]:
    """The files to write a process id to, so that the process joins the groups of `pid`."""
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
