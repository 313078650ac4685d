"""How often one may guess a password: failed logins make the next one wait.

By three counts: of an account from an address, of an account from anywhere, of an address for any account (one password
tried on everybody). What is asked at the same time counts at once, or a thousand guesses in one second would be one.

Whoever knows the own password is not kept out by those who guess. An address that guesses has its own count for each
account, and is refused before the account's count grows; the first attempt of an account from a shared address (a class
behind one router) is let through while others there guess; and where somebody has logged in before, only what was
guessed there for this very account counts.
"""

import ipaddress
from dataclasses import dataclass, field

WINDOW = 900.0
"""Seconds after which a failure is forgotten."""
MOST = 10_000
"""Counts that are remembered of accounts that exist, of others, and of addresses; the oldest go first."""


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
# A class of 60 may mistype once each, and some of them again, before its address has to wait.
ADDRESS = Limit(free=100, longest=30)
# For accounts that nobody has guessed at from there yet.
ADDRESS_AT_FIRST = Limit(free=300, longest=30)


@dataclass
class Counts:
    """Key → failures and the time of the last. The oldest are forgotten, so that a flood cannot fill the memory."""

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
        """Seconds until the limit lets the next one through."""
        count, last = self.of(key, now)
        return max(0.0, last + limit.wait(count) - now)


@dataclass
class Attempts:
    """Failures by account and address. Times are seconds of a monotonic clock, given by the caller.

    What is tried for accounts that do not exist is counted apart: made-up names must not push out what is known of
    real ones, nor keep these out, and an answer must not show which are real.
    """

    real: Counts = field(default_factory=Counts)
    made_up: Counts = field(default_factory=Counts)
    addresses: Counts = field(default_factory=Counts)
    _good: dict[tuple[str, str], None] = field(default_factory=dict)
    """Accounts and the addresses that they have logged in from."""

    def begin(self, account: str, address: str, now: float, *, exists: bool = True) -> float:
        """Seconds to wait; or 0, and the attempt counts as a failure until it is known to be none."""
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
        """How often this account was tried from there."""
        return self.real.of((account, counted(address)), now)[0]

    def succeeded(self, account: str, address: str, now: float) -> None:
        """All that was mistyped from there before is forgiven."""
        pair = (account, counted(address))
        self._forgive(pair, self.real.of(pair, now)[0])
        self._good.pop(pair, None)
        self._good[pair] = None
        while len(self._good) > MOST:
            del self._good[next(iter(self._good))]

    def undone(self, account: str, address: str) -> None:
        """The attempt was begun and came to no end: it was neither good nor bad."""
        self._forgive((account, counted(address)), 1)

    def _forgive(self, pair: tuple[str, str], failures: int) -> None:
        account, address = pair
        self.real.take_off(pair, failures)
        self.real.take_off((account, ""), failures)
        self.addresses.take_off(("", address), failures)


def counted(address: str) -> str:
    """What an address counts as: of IPv6 its network of 64 bits, within which everybody has any number of them."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
