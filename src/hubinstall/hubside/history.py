"""What each person's servers used, in sums of an hour, for 90 days: one SQLite file that only the hub and root read.

The counters of the kernel go on while the hub is away: for each container the file has the processor time that is
counted already, in the same transaction as the sums. So a restart or a kill of the hub counts nothing twice, and misses
only the last minute of a server that ends meanwhile.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HOUR, DAY = 3600, 86_400
KEPT = 90 * DAY
"""Seconds."""
FRESH = 60.0
"""Seconds: a container that is not older when it is first seen counts from its start."""
_TABLES = """
CREATE TABLE IF NOT EXISTS hours (
    hour INTEGER, person TEXT, seconds REAL, cpu REAL, memory INTEGER, PRIMARY KEY (hour, person)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counted (container TEXT PRIMARY KEY, at REAL, cpu REAL) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO hours VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hour, person) DO UPDATE SET
    seconds = seconds + ?3, cpu = cpu + ?4, memory = max(memory, ?5)
"""
_SUMS = """
SELECT hour - hour % ?, person, sum(seconds), sum(cpu), max(memory) FROM hours
WHERE hour >= ? GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Sample:
    """Of one server. `at`, `started`: seconds since the epoch; `cpu`: seconds since its start; `memory`: bytes."""

    container: str
    person: str
    started: float
    at: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Sum:
    """`begin`: of the hour or the day (UTC), in seconds since the epoch. `seconds`: that servers of this person ran,
    for several at once more than there are; `cpu`: seconds of processor time; `memory`: the most bytes at one moment.
    """

    begin: int
    person: str
    seconds: float
    cpu: float
    memory: int


New = dict[tuple[int, str], tuple[float, float, int]]
"""Hour and person → seconds, processor time, memory."""


def add(sums: New, key: tuple[int, str], values: tuple[float, float, int]) -> None:
    seconds, cpu, memory = sums.get(key, (0.0, 0.0, 0))
    sums[key] = (seconds + values[0], cpu + values[1], max(memory, values[2]))


class History:
    """`path`: the file; it is made at the first `keep` with something to say. Threads may call its methods."""

    def __init__(self, path: Path) -> None:
        self.on = True
        """Off: nothing is added or written."""
        self._path = path
        self._lock, self._file = threading.Lock(), threading.Lock()
        """Of what is in memory, and of the file. Nobody waits for a slow disk to add."""
        self._counted: dict[str, tuple[float, float]] | None = None
        """Container → until when, and which processor time, it is in the sums."""
        self._new: New = {}
        self._changed = False

    def add(self, samples: Iterable[Sample]) -> None:
        """All servers that run now. Raises sqlite3.Error if the file cannot be read."""
        if not self.on:
            return
        with self._lock:
            if self._counted is None:
                self._counted = self._read_counted()
            counted: dict[str, tuple[float, float]] = {}
            memory: dict[tuple[int, str], int] = {}
            for one in samples:
                begin, cpu = self._counted.get(one.container) or _first(one)
                counted[one.container] = (one.at, one.cpu)
                for hour, part in _hours(begin, one.at):
                    self._count(hour, one.person, part * (one.at - begin), part * max(0.0, one.cpu - cpu))
                key = (_hour(one.at), one.person)
                memory[key] = memory.get(key, 0) + one.memory
            for (hour, person), most in memory.items():
                self._count(hour, person, memory=most)
            self._changed |= counted != self._counted
            self._counted = counted

    def _count(self, hour: int, person: str, seconds: float = 0.0, cpu: float = 0.0, memory: int = 0) -> None:
        add(self._new, (hour, person), (seconds, cpu, memory))

    def keep(self, now: float) -> None:
        """Write it down, and forget what is too old. Raises sqlite3.Error; then nothing of it is lost."""
        with self._file:
            with self._lock:
                if not self.on or not self._changed:
                    return
                new, counted = self._new, dict(self._counted or {})
                self._new, self._changed = {}, False
            try:
                self._write(new, counted, now)
            except BaseException:
                with self._lock:
                    self._changed = True
                    for (hour, person), values in new.items():
                        self._count(hour, person, *values)
                raise

    def _write(self, new: New, counted: dict[str, tuple[float, float]], now: float) -> None:
        connection = self._opened()
        try:
            with connection:
                connection.executemany(_ADD, [(*key, *values) for key, values in new.items()])
                connection.execute("DELETE FROM counted")
                rows = [(container, *values) for container, values in counted.items()]
                connection.executemany("INSERT INTO counted VALUES (?, ?, ?)", rows)
                connection.execute("DELETE FROM hours WHERE hour < ?", (now - KEPT,))
        finally:
            connection.close()

    def sums(self, since: float, period: int) -> list[Sum]:
        """What was used, in parts of `period` seconds: HOUR or DAY. Raises sqlite3.Error."""
        found: New = {}
        with self._file:
            for begin, person, seconds, cpu, memory in self._written(since, period):
                found[begin, person] = (seconds, cpu, memory)
            with self._lock:
                new = dict(self._new)
        for (hour, person), values in new.items():
            if hour >= _hour(since):
                add(found, (hour - hour % period, person), values)
        return [Sum(begin, person, *values) for (begin, person), values in sorted(found.items())]

    def _written(self, since: float, period: int) -> list[tuple[int, str, float, float, int]]:
        if not self._path.exists():
            return []
        connection = self._opened()
        try:
            return connection.execute(_SUMS, (period, _hour(since))).fetchall()
        finally:
            connection.close()

    def _read_counted(self) -> dict[str, tuple[float, float]]:
        if not self._path.exists():
            return {}
        connection = self._opened()
        try:
            return {row[0]: (row[1], row[2]) for row in connection.execute("SELECT container, at, cpu FROM counted")}
        finally:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        """Made with the hub's umask (077). A connection costs less than a millisecond, and none is left open."""
        connection = sqlite3.connect(self._path, timeout=5)
        connection.executescript(_TABLES)
        return connection

    def put_aside(self) -> None:
        """A file that is damaged; the next `keep` begins another. Raises OSError."""
        with self._file, self._lock:
            self._path.replace(self._path.with_suffix(".damaged"))
            self._counted = None

    def forget(self) -> None:
        """All of it."""
        with self._file, self._lock:
            self._path.unlink(missing_ok=True)
            self._counted, self._new, self._changed = None, {}, False


def _first(one: Sample) -> tuple[float, float]:
    """From when, and from which processor time on, a container counts that nobody has seen."""
    return (one.started, 0.0) if 0 <= one.at - one.started <= FRESH else (one.at, one.cpu)


def _hour(at: float) -> int:
    return int(at // HOUR) * HOUR


def _hours(begin: float, end: float) -> Iterator[tuple[int, float]]:
    """Each hour of a time, and its share of the time. Nothing if the clock was set back."""
    if end > begin:
        for hour in range(_hour(max(begin, end - KEPT)), _hour(end) + 1, HOUR):
            yield hour, max(0.0, min(end, hour + HOUR) - max(begin, hour)) / (end - begin)
