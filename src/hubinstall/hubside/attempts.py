"""How often one may guess: failed logins make the next one wait, for the pair of account and address."""

from dataclasses import dataclass, field

WINDOW = 900.0
"""Seconds after which a failure is forgotten."""
MOST = 10_000
"""Pairs that are remembered; the oldest go first, so that a flood cannot fill the memory."""


@dataclass(frozen=True)
class Limit:
    """`free` failures cost nothing; each further one doubles the wait, from 1 s up to `longest` seconds."""

    free: int
    longest: float

    def wait(self, failures: int) -> float:
        return 0.0 if failures < self.free else min(self.longest, 2.0 ** min(failures - self.free, 20))


# One person who mistypes waits for nobody else; guesses for one account from many addresses are slowed down, but
# never so far that its owner is locked out for long.
PAIR = Limit(free=5, longest=300)
ACCOUNT = Limit(free=50, longest=30)


@dataclass
class Attempts:
    """Failures by account and address. Times are seconds of a monotonic clock, given by the caller."""

    _failures: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def wait(self, account: str, address: str, now: float) -> float:
        """Seconds until the next attempt is let through; 0: now."""
        pairs = ((PAIR, (account, address)), (ACCOUNT, (account, "")))
        return max(self._left(limit, key, now) for limit, key in pairs)

    def failed(self, account: str, address: str, now: float) -> None:
        for key in ((account, address), (account, "")):
            count, last = self._failures.pop(key, (0, now))
            self._failures[key] = (count + 1 if now - last < WINDOW else 1, now)
        while len(self._failures) > MOST:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, account: str, address: str) -> None:
        self._failures.pop((account, address), None)

    def _left(self, limit: Limit, key: tuple[str, str], now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        wait = limit.wait(count) if now - last < WINDOW else 0.0
        return max(0.0, last + wait - now)
