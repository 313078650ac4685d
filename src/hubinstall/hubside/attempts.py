"""Limit password guessing: failed logins delay the next attempt.

Three counts: per account and address, per account from anywhere, and per address for any account (one password tried on
everybody). An attempt counts as soon as it begins; otherwise a thousand simultaneous guesses would count as one.

People who know their password are not locked out by others who guess it. An address that guesses has a count of its own
for each account, and is refused before the account's count grows. The first attempt for an account from a shared
address (a class behind one router) is allowed while others there guess. And at an address where somebody has logged in
before, only the guesses at this account from there count.
"""

import ipaddress
from dataclasses import dataclass, field

WINDOW = 900.0
"""Seconds until a failure is forgotten."""
MOST = 10_000
"""The maximum number of counts for existing accounts, for other names and for addresses; the oldest go first."""


@dataclass(frozen=True)
class Limit:
    """`free` failures cost nothing; each further failure doubles the delay, from 1 s up to `longest` seconds."""

    free: int
    longest: float

    def wait(self, failures: int) -> float:
        return 0.0 if failures < self.free else min(self.longest, 2.0 ** min(failures - self.free, 20))


# People who mistype do not wait for anyone else. Guesses at one account from many addresses are slowed down, but never
# so much that its owner is locked out for long.
PAIR = Limit(free=5, longest=300)
ACCOUNT = Limit(free=50, longest=30)
# Each person in a class of 60 may mistype once, and some of them again, before their address has to wait.
ADDRESS = Limit(free=100, longest=30)
# For an account that this address has not guessed at yet.
ADDRESS_AT_FIRST = Limit(free=300, longest=30)


@dataclass
class Counts:
    """Key → number of failures and time of the last. The oldest are forgotten: a flood must not fill the memory."""

    _failures: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._failures)

    def of(self, key: tuple[str, str], now: float) -> tuple[int, float]:
        count, last = self._failures.get(key, (0, now))
        return (count, last) if now - last < WINDOW else (0, now)

    def add(self, key: tuple[str, str], now: float) -> None:
        count, _ = self.of(key, now)
        self._failures.pop(key, None)
        self._failures[key] = (count + 1, now)
        while len(self._failures) > MOST:
            del self._failures[next(iter(self._failures))]

    def take_off(self, key: tuple[str, str], failures: int) -> None:
        count, last = self._failures.get(key, (0, 0.0))
        if count > failures:
            self._failures[key] = (count - failures, last)
        else:
            self._failures.pop(key, None)

    def left(self, limit: Limit, key: tuple[str, str], now: float) -> float:
        """Seconds until the limit allows the next attempt."""
        count, last = self.of(key, now)
        return max(0.0, last + limit.wait(count) - now)


@dataclass
class Attempts:
    """Failures by account and address. Times are seconds of a monotonic clock that the caller reads.

    Attempts for accounts that do not exist are counted separately: made-up names must not displace the counts of real
    accounts or lock these out, and an answer must not show which accounts are real.
    """

    real: Counts = field(default_factory=Counts)
    made_up: Counts = field(default_factory=Counts)
    addresses: Counts = field(default_factory=Counts)
    _good: dict[tuple[str, str], None] = field(default_factory=dict)
    """Accounts, each with an address that it has logged in from."""

    def begin(self, account: str, address: str, now: float, *, exists: bool = True) -> float:
        """Seconds to wait; or 0, and then the attempt counts as a failure until its result is known."""
        address = counted(address)
        pair, counts = (account, address), self.real if exists else self.made_up
        tried, _ = counts.of(pair, now)
        waits = [counts.left(PAIR, pair, now)]
        if pair not in self._good:
            waits.append(counts.left(ACCOUNT, (account, ""), now))
            if exists:
                waits.append(self.addresses.left(ADDRESS if tried else ADDRESS_AT_FIRST, ("", address), now))
        if any(waits):
            return max(waits)
        counts.add(pair, now)
        counts.add((account, ""), now)
        if exists:
            self.addresses.add(("", address), now)
        return 0.0

    def failures(self, account: str, address: str, now: float) -> int:
        """How many attempts for this account failed from this address."""
        return self.real.of((account, counted(address)), now)[0]

    def succeeded(self, account: str, address: str, now: float) -> None:
        """Forgive all earlier failures of this account from this address."""
        pair = (account, counted(address))
        self._forgive(pair, self.real.of(pair, now)[0])
        self._good.pop(pair, None)
        self._good[pair] = None
        while len(self._good) > MOST:
            del self._good[next(iter(self._good))]

    def undone(self, account: str, address: str) -> None:
        """The attempt ended without a result: it neither succeeded nor failed."""
        self._forgive((account, counted(address)), 1)

    def _forgive(self, pair: tuple[str, str], failures: int) -> None:
        account, address = pair
        self.real.take_off(pair, failures)
        self.real.take_off((account, ""), failures)
        self.addresses.take_off(("", address), failures)


def counted(address: str) -> str:
    """What an address counts as: for IPv6 its /64 network, because everybody has any number of addresses in it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
