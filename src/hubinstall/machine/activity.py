"""Does a command get further? Not the clock says when it hangs, but what it and its children have done.

Counted are processor time and bytes read and written (proc(5): /proc/PID/stat and io) and bytes that arrived over TCP
(sock_diag(7)). So a machine that is twenty times slower, or a line that brings a byte per second, gets all the time
that it needs, and what waits for an answer that never comes is found after minutes on any machine.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hubinstall.machine import tcp_traffic

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
BUSY = 0.005
"""The share of a processor below which a program counts as waiting: many look at a clock or a file now and then."""
FILES = 64 << 10
"""Bytes read and written below which it is waiting: one that waits may say so in a log."""
STARTS = 10
"""How often a service may start again while somebody waits for it."""
LOOKS = 30
"""How often we look within the time after which a command counts as hanging."""


@dataclass(frozen=True)
class Activity:
    """What some processes have done until now. `processor`: seconds; `files`: bytes read and written, also from pipes.
    `arrived`: socket → bytes. `ready`: one of them would run, if it got a processor.
    """

    processor: float = 0.0
    files: int = 0
    arrived: dict[int, int] = field(default_factory=dict)
    ready: bool = False

    def beyond(self, before: "Activity", seconds: float) -> bool:
        """Whether more was done since `before`, within at most `seconds`, than a program does that waits."""
        return (
            self.ready
            # A sum becomes smaller when a process has ended: that is no standstill either.
            or abs(self.processor - before.processor) >= BUSY * seconds
            or abs(self.files - before.files) >= FILES
            or any(size > before.arrived.get(socket, 0) for socket, size in self.arrived.items())
        )


class Watch:
    """`hangs()` is true when `look` has shown no progress for `seconds`; to be asked every `every` seconds."""

    def __init__(self, look: Callable[[], Activity], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self.every = seconds / LOOKS
        self._before: Activity | None = None
        self._since = time.monotonic()

    def hangs(self) -> bool:
        now = self._look()
        if self._before is None or now.beyond(self._before, self._seconds):
            self._before, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._seconds


class Patience:
    """For one that waits for a service: over when its process has shown no progress for `seconds`, when it has been
    started too often, and after `longest` seconds at all, since also an idle service does a little.
    """

    def __init__(self, seconds: float, longest: float, proc: Path = PROC, starts: float = STARTS) -> None:
        self._ends = time.monotonic() + longest
        self._watch = Watch(lambda: of_process(self._pid, proc), seconds)
        self._next = time.monotonic()
        self._pid, self._left = 0, starts

    def is_over(self, pid: int) -> bool:
        """`pid`: of the service's process now; 0 if there is none."""
        if pid not in {0, self._pid}:
            self._pid, self._left = pid, self._left - 1
        now = time.monotonic()
        if now > self._ends or self._left < 0:
            return True
        if now < self._next:
            return False
        self._next = now + self._watch.every
        return self._watch.hangs()


@dataclass(frozen=True)
class _Process:
    parent: int
    session: int
    state: str
    processor: float


def of_command(session: int, daemons: Collection[str] = ()) -> Activity:
    """Of all processes of a session and their children, and of programs with these names, which work for it."""
    found = _processes(PROC)
    members = _with_children(found, [pid for pid, process in found.items() if process.session == session])
    helping = [pid for pid in found if daemons and _read(PROC, pid, "comm").strip() in daemons]
    return _sum(PROC, found, members, _with_children(found, helping) - members)


def of_process(pid: int, proc: Path = PROC) -> Activity:
    """Of a process and its children; nothing if there is no such process."""
    found = _processes(proc)
    return _sum(proc, found, _with_children(found, [pid] if pid in found else []))


def _sum(proc: Path, found: dict[int, _Process], members: set[int], helping: Iterable[int] = ()) -> Activity:
    everyone = [*members, *helping]
    arrived = tcp_traffic.arrived()
    return Activity(
        sum(found[pid].processor for pid in everyone),
        sum(_files(proc, pid) for pid in everyone),
        {socket: arrived[socket] for pid in everyone for socket in _sockets(proc, pid) if socket in arrived},
        any(found[pid].state == "R" for pid in members),
    )


def _processes(proc: Path) -> dict[int, _Process]:
    found = {}
    for pid in map(int, filter(str.isdigit, os.listdir(proc) if proc.is_dir() else ())):
        # proc(5), /proc/pid/stat: the fields after the name, which may contain anything.
        fields = _read(proc, pid, "stat").rpartition(")")[2].split()
        if fields:
            spent = sum(map(int, fields[11:15])) / TICKS
            found[pid] = _Process(int(fields[1]), int(fields[3]), fields[0], spent)
    return found


def _with_children(found: dict[int, _Process], first: Iterable[int]) -> set[int]:
    """These and all below them. Processes are listed in any order: repeat until no more are found."""
    members = set(first)
    while more := {pid for pid, process in found.items() if process.parent in members and pid not in members}:
        members |= more
    return members


def _files(proc: Path, pid: int) -> int:
    """Bytes that the process and its ended children have read and written; also pages that were read for it."""
    rows = dict(line.split(": ") for line in _read(proc, pid, "io").splitlines())
    return sum(int(rows.get(name, 0)) for name in ("rchar", "wchar", "read_bytes", "write_bytes"))


def _sockets(proc: Path, pid: int) -> list[int]:
    """The inodes of its sockets."""
    try:
        links = [os.readlink(entry.path) for entry in os.scandir(proc / str(pid) / "fd")]
    except OSError:
        return []
    return [int(link[8:-1]) for link in links if link.startswith("socket:[")]


def _read(proc: Path, pid: int, name: str) -> str:
    try:
        return (proc / str(pid) / name).read_text(errors="replace")
    except OSError:  # the process has ended meanwhile
        return ""
