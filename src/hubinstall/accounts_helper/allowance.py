"""How often wrong passwords of one account are checked at all, whichever program asks.

The hub slows guessers down much more, for each address (hubside/attempts.py): an account whose owner mistypes, or that
somebody guesses at through the hub, never comes to this limit. It is for a hub that somebody has taken over, and it
locks nobody out: the account gets its next check within `EACH` seconds, however many have failed.
"""

import threading
from dataclasses import dataclass, field

AT_ONCE = 100
"""Wrong passwords of an account that cost nothing."""
EACH = 10.0
"""Seconds until one more is allowed. The hub itself allows one in 30, after 50 failures."""
MOST = 10_000
"""Accounts that are counted; the oldest count goes first."""


@dataclass
class Allowance:
    """Account → number of its failures, which becomes less by itself. Times are monotonic, in seconds."""

    at_once: int = AT_ONCE
    each: float = EACH
    _used: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, account: str, now: float) -> float:
        """Seconds to wait; or 0, and then the check counts as a failure until it is said to be none."""
        with self._lock:
            used = self._left(account, now)
            if used > self.at_once - 1:
                return (used - self.at_once + 1) * self.each
            self._used.pop(account, None)
            self._used[account] = (used + 1, now)
            while len(self._used) > MOST:
                del self._used[next(iter(self._used))]
        return 0.0

    def was_right(self, account: str, now: float) -> None:
        """The check that has just been made was no guess. What failed before still counts."""
        with self._lock:
            self._used[account] = (max(0.0, self._left(account, now) - 1), now)

    def _left(self, account: str, now: float) -> float:
        used, since = self._used.get(account, (0.0, now))
        return max(0.0, used - (now - since) / self.each)
