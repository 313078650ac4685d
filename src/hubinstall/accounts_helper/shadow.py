"""What /etc/shadow (shadow(5)) says of an account of the host: whether it has ended, and whether it is as it was.

The password's hash has a random salt, so it differs after each change of the password, and for an account that was
removed and made again under its name and its number. The hub gets only a digest of it, with a key that root alone
reads: it can tell that there is another one, and nothing about the password.
"""

import hashlib
import hmac
import os
import time
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout

FILE = "/etc/shadow"
DAY = 86400
GONE = 2
"""The day on which an account has expired that is locked because the sign-on no longer knows its person."""
NO_HASH = frozenset({"", "*", "x"})
"""What stands there instead of a hash. Behind "!" the account never had a password, and is not one that is locked."""


@dataclass(frozen=True)
class Entry:
    """`fingerprint`: of the key and, after a colon, of what the account's password was set to. `ended`: why nobody may
    use the account any more, or "". `expires`: the day on which it expires, -1 if it never does.
    """

    fingerprint: str
    ended: str = ""
    expires: int = -1


class Shadow:
    """The file, read again when it has changed. For one thread at a time."""

    def __init__(self) -> None:
        self._seen: tuple[int, ...] = ()
        self._lines: dict[str, str] = {}
        self._key = b""

    def entry(self, name: str) -> Entry | None:
        """None if there is none: accounts of a directory have theirs elsewhere. The same if the file cannot be read."""
        self._read()
        line = self._lines.get(name)
        return parsed(line, self._key, int(time.time() // DAY)) if line else None

    def _read(self) -> None:
        try:
            stat = os.stat(FILE)
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
            if seen == self._seen:
                return
            self._key = Path(layout.ACCOUNTS_KEY).read_bytes().strip()
            lines = Path(FILE).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            return  # what was read before still holds
        self._lines = {line.partition(":")[0]: line for line in lines}
        self._seen = seen


def parsed(line: str, key: bytes, today: int) -> Entry:
    """One line. `today`: the days since 1970, as the file counts."""
    name, password, *rest = line.split(":")
    days = [number(text) for text in [*rest, *[""] * 6][:6]]
    digest = hmac.new(key, f"{name}\0{password}".encode(errors="surrogateescape"), hashlib.sha256).hexdigest()
    return Entry(
        f"{hashlib.sha256(key).hexdigest()[:8]}:{digest}",
        ended(name, password, days, today),
        days[-1],
    )


def ended(name: str, password: str, days: list[int], today: int) -> str:
    """Why the account can no longer be used, in words; empty if it can. `days`: the fields behind the password, -1 if
    empty. They mean what they mean for pam_unix(8).
    """
    changed, _, longest, _, inactive, expires = days
    if password.startswith("!") and password.lstrip("!") not in NO_HASH:
        return f"The account {name} is locked."
    if expires == GONE:
        return f"The account {name} is locked, because the sign-on no longer knows its person."
    if 0 <= expires <= today:
        return f"The account {name} has expired."
    if changed == 0:
        return f"The password of {name} must be changed first."
    if changed > 0 and longest >= 0 and inactive >= 0 and today > changed + longest + inactive:
        return f"The password of {name} has expired."
    return ""


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else -1
