"""When an authority was last asked, and the result: so that no apply and no timer asks too often.

Let's Encrypt limits failed validations of a name to five per hour (letsencrypt.org/docs/rate-limits).
"""

import dataclasses
import json
from dataclasses import dataclass

from hubinstall.machine.host import Host

HOUR = 3600.0
LONGEST_WAIT = 12 * HOUR
CHECKS_EVERY = 12 * HOUR
"""Seconds: twice a day we ask whether a good certificate is due; the authority itself decides that."""


@dataclass(frozen=True)
class Try:
    """The last attempt, at `at` (seconds since the epoch). `words`: why it failed; empty: it succeeded. `asked`: the
    authority itself was asked and has counted a failure, if it was one.
    """

    at: float
    names: tuple[str, ...]
    server: str
    words: str = ""
    asked: bool = True
    failures: int = 0
    """The number of failures in a row that the authority has counted."""

    @property
    def next(self) -> float:
        """When a timer may try again: one hour after a first failure, then two, four … with each counted failure."""
        if not self.words:
            return self.at + CHECKS_EVERY
        return self.at + min(HOUR * 2.0 ** min(max(0, self.failures - 1), 9), LONGEST_WAIT)

    def is_of(self, names: tuple[str, ...], server: str) -> bool:
        return (sorted(self.names), self.server) == (sorted(names), server)


def last_try(host: Host, path: str) -> Try | None:
    """None if there was none. A record that is damaged or from another version counts as none: one attempt too many."""
    try:
        found = json.loads(host.read(path) or b"{}")
        return Try(**(found | {"names": tuple(found["names"]), "at": float(found["at"])}))
    except (TypeError, KeyError, ValueError):
        return None


def note(host: Host, path: str, try_: Try) -> Try:
    """Record an attempt, and count its failure together with those before it."""
    before = last_try(host, path)
    same = before is not None and before.is_of(try_.names, try_.server)
    earlier = before.failures if before and same else 0
    counted = dataclasses.replace(try_, failures=earlier + try_.asked if try_.words else 0)
    host.write(path, (json.dumps(dataclasses.asdict(counted), indent=1) + "\n").encode(), mode="0600")
    return counted
