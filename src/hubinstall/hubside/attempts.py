"""Limit password guessing: failed logins delay the next attempt.

Three counts: per name and address, per name from anywhere, and per address for any name. An attempt counts as soon as
it begins; otherwise a thousand simultaneous guesses would count as one. Every name counts in the same way, whether or
not there is such an account: how often one may try must not tell.

People who know their password are not locked out by others who guess it. An address that guesses has a count of its own
for each name, and is refused before the name's count grows. The first attempts for a name from a shared address (a
class behind one router) are allowed whatever others do there. And at an address where somebody has logged in before,
guesses from elsewhere at this account do not count.
"""

import ipaddress
import math
from dataclasses import dataclass, field

WINDOW = 900.0
"""Seconds until a failure is forgotten."""
MOST = 10_000
"""The maximum number of counts for existing accounts and for addresses; the oldest go first."""
MOST_MADE_UP = 200_000
"""The same for other names, at most 40 MB: that few are only forgotten within WINDOW if more than a hundred new names
arrive each second."""
AT_FIRST = 3
"""Attempts for a name from an address that do not wait for what failed there for other names."""


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
# For a name that this address has tried AT_FIRST times.
ADDRESS = Limit(free=100, longest=30)


@dataclass
class Counts:
    """Name and address → number of failures and time of the last. The oldest of more than `most` are forgotten, and of
    a name only a number is kept (of 64 bits, by a secret of this process): a flood must not fill the memory.
    """

    most: int = MOST
    _failures: dict[int, tuple[int, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._failures)

    def of(self, key: tuple[str, str], now: float) -> tuple[int, float]:
        count, last = self._failures.get(hash(key), (0, now))
        return (count, last) if now - last < WINDOW else (0, now)

    def add(self, key: tuple[str, str], now: float) -> None:
        count, _ = self.of(key, now)
        self._failures.pop(hash(key), None)
        self._failures[hash(key)] = (count + 1, now)
        while len(self._failures) > self.most:
            del self._failures[next(iter(self._failures))]

    def take_off(self, key: tuple[str, str], failures: int) -> None:
        count, last = self._failures.get(hash(key), (0, 0.0))
        if count > failures:
            self._failures[hash(key)] = (count - failures, last)
        else:
            self._failures.pop(hash(key), None)

    def left(self, limit: Limit, key: tuple[str, str], now: float) -> float:
        """Seconds until the limit allows the next attempt."""
        count, last = self.of(key, now)
        return max(0.0, last + limit.wait(count) - now)


@dataclass
class Attempts:
    """Failures by account and address. Times are seconds of a monotonic clock that the caller reads.

    `exists`: whether the password can be checked at all. The others are counted alike, but separately: made-up names
    must not displace the counts of real accounts.
    """

    real: Counts = field(default_factory=Counts)
    made_up: Counts = field(default_factory=lambda: Counts(MOST_MADE_UP))
    addresses: Counts = field(default_factory=Counts)
    _good: dict[tuple[str, str], None] = field(default_factory=dict)
    """Accounts, each with an address that it has logged in from."""

    def begin(self, account: str, address: str, now: float, *, exists: bool = True) -> float:
        """Seconds to wait; or 0, and then the attempt counts as a failure until its result is known."""
        account, address = folded(account), counted(address)
        pair, counts = (account, address), self._counts(exists=exists)
        tried, _ = counts.of(pair, now)
        waits = [counts.left(PAIR, pair, now)]
        if tried >= AT_FIRST:
            waits.append(self.addresses.left(ADDRESS, ("", address), now))
        if pair not in self._good:
            waits.append(counts.left(ACCOUNT, (account, ""), now))
        if any(waits):
            return max(waits)
        counts.add(pair, now)
        counts.add((account, ""), now)
        self.addresses.add(("", address), now)
        return 0.0

    def failures(self, account: str, address: str, now: float, *, exists: bool = True) -> int:
        """How many attempts for this account failed from this address."""
        return self._counts(exists=exists).of((folded(account), counted(address)), now)[0]

    def succeeded(self, account: str, address: str, now: float) -> None:
        """Forgive all earlier failures of this account from this address."""
        pair = (folded(account), counted(address))
        self._forgive(pair, self.real.of(pair, now)[0], self.real)
        self._good.pop(pair, None)
        self._good[pair] = None
        while len(self._good) > MOST:
            del self._good[next(iter(self._good))]

    def undone(self, account: str, address: str, *, exists: bool = True) -> None:
        """The attempt ended without a result: it neither succeeded nor failed."""
        self._forgive((folded(account), counted(address)), 1, self._counts(exists=exists))

    def _counts(self, *, exists: bool) -> Counts:
        return self.real if exists else self.made_up

    def _forgive(self, pair: tuple[str, str], failures: int, counts: Counts) -> None:
        account, address = pair
        counts.take_off(pair, failures)
        counts.take_off((account, ""), failures)
        self.addresses.take_off(("", address), failures)


def too_many(wait: float) -> str:
    """What somebody is told who must wait for so many seconds."""
    seconds = math.ceil(wait)
    return f"Too many failed logins. Try again in {seconds} second{'s' * (seconds != 1)}."


def folded(name: str) -> str:
    r"""What a name counts as, whether or not it exists: in small letters, without a directory's domain (`max@domain`,
    `DOMAIN\max`). Who tries two spellings must not see that they are one account.
    """
    return name.lower().rpartition("\\")[2].partition("@")[0] or name.lower()


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
