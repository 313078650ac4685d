"""When an authority was asked last, and what came of it: so that neither a no-op nor a timer asks too often.

Let's Encrypt counts failed validations of a name: five within an hour, and it asks for patience
(letsencrypt.org/docs/rate-limits).
"""

import dataclasses
import json
from dataclasses import dataclass

from hubinstall.machine.host import Host

HOUR = 3600.0
LONGEST_WAIT = 12 * HOUR
CHECKS_EVERY = 12 * HOUR
"""Twice a day a good certificate is looked after; the authority itself says when it is due."""


@dataclass(frozen=True)
class Try:
    """The last one. `words`: why it failed; empty: all is well. `asked`: the authority was, and counts it."""

    at: float
    names: tuple[str, ...]
    server: str
    words: str = ""
    asked: bool = True
    failures: int = 0
    """In a row, of those that the authority has counted."""

    @property
    def next(self) -> float:
        """When a timer may try again: an hour after a failure, then two, four … as the authority's failures add up."""
        if not self.words:
            return self.at + CHECKS_EVERY
        return self.at + min(HOUR * 2.0 ** min(max(0, self.failures - 1), 9), LONGEST_WAIT)

    def is_of(self, names: tuple[str, ...], server: str) -> bool:
        return (sorted(self.names), self.server) == (sorted(names), server)


def last_try(host: Host, path: str) -> Try | None:
    """None where none was made; notes that are damaged, or another version's, are as good as none: one try too many."""
    try:
        found = json.loads(host.read(path) or b"{}")
        return Try(**(found | {"names": tuple(found["names"]), "at": float(found["at"])}))
    except (TypeError, KeyError, ValueError):
        return None


def note(host: Host, path: str, try_: Try) -> Try:
    """Keep it, with the failures before it counted."""
    before = last_try(host, path)
    same = before is not None and before.is_of(try_.names, try_.server)
    earlier = before.failures if before and same else 0
    counted = dataclasses.replace(try_, failures=earlier + try_.asked if try_.words else 0)
    host.write(path, (json.dumps(dataclasses.asdict(counted), indent=1) + "\n").encode(), mode="0600")
    return counted
