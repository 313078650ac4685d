"""What the hub knows of the state of its people's accounts, as the accounts helper has last said.

It is asked again when /etc/shadow has changed, or a day has begun: the hub cannot read the file, but sees that. While
the helper does not answer, what it said last still holds: no session ends because nothing is known.
"""

import os
import time

from hubinstall.hubside import helper
from hubinstall.hubside.helper import Entry

FILE = "/etc/shadow"
DAY = 86400
PAUSE = 5.0
"""Seconds until a helper that did not answer is asked again: requests wait meanwhile."""


class States:
    """Name → what /etc/shadow says of the account."""

    def __init__(self) -> None:
        self._seen: tuple[int, ...] = ()
        self._entries: dict[str, Entry | None] = {}
        self._old: dict[str, Entry | None] = {}
        self._not_before = 0.0

    def entry(self, name: str) -> Entry | None:
        """None if there is none: accounts of a directory have theirs elsewhere. The same if it is not known."""
        if (now := seen()) and now != self._seen:
            self._old |= self._entries
            self._seen, self._entries = now, {}
        if name not in self._entries and time.monotonic() >= self._not_before:
            self._ask({*self._old, name})
        return self._entries.get(name, self._old.get(name))

    def _ask(self, names: set[str]) -> None:
        """For everybody at once: the watch asks for all of them after each change."""
        try:
            found = helper.states(sorted(names))
        except helper.UnavailableError:
            self._not_before = time.monotonic() + PAUSE
            return
        self._entries |= dict.fromkeys(names) | found
        self._old.clear()


def seen() -> tuple[int, ...]:
    """What is different after each change of the file, and on another day; empty if that cannot be told."""
    try:
        stat = os.stat(FILE)
    except OSError:
        return ()
    return (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, int(time.time() // DAY))


def differ(one: str, other: str) -> bool:
    """Whether two fingerprints are of different passwords; no if that cannot be told, because the key was changed."""
    return one != other and bool(one) and one.partition(":")[0] == other.partition(":")[0]
