"""How long each server has been idle, as it says itself, and when it is stopped.

The proxy's word for activity counts every request, also of a page that nobody looks at, and so does a server's own
report to JupyterHub; neither counts a kernel that computes and prints nothing. So the default image's extension
(hubinstall_idle.py) says it by its own rules. A server that says nothing is never stopped for idleness: another
image's, or one that was started before an upgrade. Who lets it lie keeps only the own server, until the largest age.
"""

import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from hubinstall import layout
from hubinstall.hubside.accounts import Account, group_ids, login_name
from hubinstall.hubside.cull import Cull

RARELY, OFTEN, SOON = 300.0, 10.0, 2.0
"""Seconds between two reports of a server: usually, while its owner is being asked, and at least."""
LATE = 30.0
"""Seconds that a report may come late until what was said last does not count."""


def excepts(rules: Cull, name: str) -> bool:
    """Whether this person's servers run on."""
    if name == layout.PROBE_USER or name in _as_logins(rules.except_users, _minute()):
        return True
    return bool(rules.except_groups) and _is_member(name, rules.except_groups, _minute())


def _minute() -> int:
    return int(time.monotonic() // 60)


@functools.lru_cache(maxsize=4)
def _as_logins(names: tuple[str, ...], _minute: int) -> frozenset[str]:
    """Kept for a minute: a directory service may be far away."""
    return frozenset(names) | frozenset(login_name(name) for name in names)


@functools.lru_cache(maxsize=512)
def _is_member(name: str, groups: tuple[str, ...], _minute: int) -> bool:
    account = Account.find(name)
    return account is not None and not account.gids.isdisjoint(group_ids(groups).values())


@dataclass
class Heard:
    """`idle`: seconds, at the moment `at`. `again`: seconds until the next report. `kept`: when its owner said so.
    `warned`: since when the server knows that it is stopped soon.
    """

    idle: float = 0.0
    at: float = 0.0
    again: float = 0.0
    kept: float = float("-inf")
    warned: float | None = None


@dataclass
class Reports:
    """Of all servers. They are made again after a restart of the hub."""

    rules: Cull = field(default_factory=Cull)
    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)
    ran: float | None = None
    """When the service last went through all servers (time.monotonic)."""
    begun: float = field(default_factory=time.monotonic)

    def hear(self, name: str, server: str, idle: float) -> Heard:
        one = self.heard.setdefault((name, server), Heard())
        one.idle, one.at = idle, time.monotonic()
        if self.rules.timeout - min(idle, one.at - one.kept) > self.rules.warning:
            one.warned = None
        elif one.warned is None:
            one.warned = one.at
        return one

    def keep(self, name: str, server: str) -> None:
        """Its owner wants it to run on, whatever it says."""
        self.heard.setdefault((name, server), Heard()).kept = time.monotonic()

    def left(self, name: str, server: str, age: float) -> tuple[float, bool] | None:
        """Seconds until this server is stopped, and whether its owner can put that off. None: nothing stops it.

        `age`: seconds since its start. After a restart of the hub, or with a shorter timeout, it may have been idle for
        too long when it is first heard: its owner has the time of a warning all the same.
        """
        rules, one = self.rules, self.heard.get((name, server))
        ends: list[tuple[float, bool]] = []
        if one and time.monotonic() - one.at <= one.again + LATE:
            grace = one.warned + rules.warning - one.at if one.warned is not None else 0.0
            ends.append((max(grace, rules.timeout - max(0.0, min(one.idle, one.at - one.kept, age))), True))
        if rules.max_age:
            ends.append((rules.max_age - age, False))
        if not rules.enabled or not ends or excepts(rules, name):
            return None
        return min(ends)

    def again(self, left: tuple[float, bool] | None) -> float:
        """Seconds until the server is to report again."""
        if left is None:
            return RARELY
        return max(SOON, min(OFTEN if left[0] <= self.rules.warning else RARELY, left[0] / 10))


THIS_HUBS = Reports()


def running(user: Any) -> Iterator[tuple[str, float]]:
    """The names of a person's servers that run, each with the seconds since its start. `user`: JupyterHub's."""
    for name, spawner in user.spawners.items():
        started = spawner.orm_spawner.started if spawner.ready else None
        if started is not None:
            yield name, time.time() - started.replace(tzinfo=UTC).timestamp()


def for_page(user: Any) -> list[dict[str, Any]]:
    """The person's servers that are stopped soon. JupyterHub calls it for each page, with the user or None."""
    found = []
    for server, age in running(user) if user else ():
        left = THIS_HUBS.left(user.name, server, age)
        if left and left[0] <= THIS_HUBS.rules.warning:
            minutes = max(1, round(left[0] / 60))
            found.append({"server": server, "minutes": minutes, "can_wait": left[1]})
    return found
