"""How far a run is, and how long it will still take.

The time that is left is that of the longest chain of steps that wait for each other: the seconds that such steps took
on a machine with two cores, times how much slower this machine has been so far.
"""

from collections import defaultdict
from collections.abc import Iterable

from hubinstall.report.words import counted
from hubinstall.resources.base import Resource, resource_id

QUICK = 0.05
SECONDS = {
    "packages": 12.0, "virtualenv": 5.0, "node-modules": 4.0, "image-root": 50.0, "image": 14.0, "pulled-image": 120.0,
    "image-layer": 15.0, "static-files": 8.0, "service": 2.0, "supervisord": 2.0, "acme-certificate": 10.0,
    "docker-network": 0.5, "account": 0.1, "person": 0.1,
}  # fmt: skip
"""Kind → seconds of a step, measured in installations; any other takes QUICK."""
SPECIAL = {("packages", "docker"): 22.0, ("packages", "nginx"): 5.0, ("virtualenv", "hub"): 25.0}
"""Kind and name → seconds; of a virtualenv the name of its directory, without the digest."""
VERIFY = 8.0
"""Seconds for logging in and running a cell at the end."""
WORTH = 20.0
"""A run that is expected to take fewer seconds is not estimated."""
BELIEVED = 10.0
"""Seconds of steps at the usual pace that count as seen before the first step has ended."""
PACES = 0.3, 12.0
"""The fastest and the slowest pace that is believed."""


class Progress:
    """Steps that are done, of all that are expected, and an estimate of the rest. `begun`: the time (monotonic)."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._steps: dict[str, Resource] = {}
        self._all: set[str] = set()
        self._done: set[str] = set()
        self._running: dict[str, float] = {}
        self._expected = self._took = self._usual = 0.0

    def expect(self, resources: Iterable[Resource]) -> None:
        """What will probably be changed, in an order in which each comes after what it needs."""
        self._steps = {resource_id(resource): resource for resource in resources}
        self._all |= self._steps.keys()
        self._expected = self._chain(self._begun, 1.0)

    def start(self, id_: str, now: float) -> None:
        self._all.add(id_)
        self._running[id_] = now

    def finish(self, id_: str, now: float) -> None:
        """A step has ended: how long it took says how fast this machine is."""
        self._took += now - self._running.pop(id_, now)
        self._usual += seconds(id_)

    def settle(self, id_: str) -> None:
        """It needs no more change, whether it needed one or not."""
        if id_ in self._all:
            self._done.add(id_)

    def words(self, now: float) -> str:
        """`step 12 of 79, about 2 minutes left`."""
        count = f"step {min(len(self._done) + 1, len(self._all))} of {len(self._all)}"
        return f"{count}, {left}" if (left := self.left(now)) else count

    def left(self, now: float) -> str:
        """How long it still takes; an empty text if that is not worth saying."""
        if self._expected < WORTH:
            return ""
        seconds = self._chain(now, self._pace(now))
        return (
            "less than a minute left" if seconds < 50 else f"about {counted(round(seconds / 60) or 1, 'minute')} left"
        )

    def _pace(self, now: float) -> float:
        """How much longer than usual steps take here: those that have ended, and running ones that are late."""
        late = {id_: now - since for id_, since in [*self._running.items()] if now - since > seconds(id_) > QUICK}
        took = BELIEVED + self._took + sum(late.values())
        usual = BELIEVED + self._usual + sum(map(seconds, late))
        return min(max(took / usual, PACES[0]), PACES[1])

    def _chain(self, now: float, pace: float) -> float:
        """The seconds of the longest chain of steps that are left; steps with one lock wait for each other, too."""
        ends: dict[str, float] = {}
        locks: dict[str, float] = defaultdict(float)
        for id_, resource in self._steps.items():
            need = max((ends.get(need, 0.0) for need in resource.needs), default=0.0)
            left = 0.0 if id_ in self._done else self._rest(id_, now, pace)
            begin = max(need, locks[resource.lock]) if resource.lock and left else need
            ends[id_] = begin + left
            if resource.lock and left:
                locks[resource.lock] = ends[id_]
        return max(ends.values(), default=0.0) + VERIFY * pace

    def _rest(self, id_: str, now: float, pace: float) -> float:
        """What is left of one step; the last tenth stays until it is done."""
        whole = seconds(id_) * pace
        return max(whole - (now - self._running.get(id_, now)), whole / 10)


def seconds(id_: str) -> float:
    """What such a step usually takes."""
    kind, _, name = id_.partition(":")
    if kind == "virtualenv":
        name = name.rpartition("/")[2].rpartition("-")[0]
    return SPECIAL.get((kind, name), SECONDS.get(kind, QUICK))
