"""One-time links, with which a person sets a password of the own account without knowing the present one.

Who has such a link is in a folder that only root reads: a file for each, which is called by the hash of what is secret
in the link. A link belongs to the account as it was when the link was made: it ends as soon as the password, the name
or the number is another one, so it works once, whatever was killed in between.
"""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32, without characters that are easily confused."""
LENGTH = 28
"""Of the secret: 140 bits."""
DAY = 86400


@dataclass(frozen=True)
class Link:
    """Whose it is. `fingerprint`: of the password that the account has until then (shadow.Entry); `until`: in seconds
    since 1970.
    """

    name: str
    uid: int
    fingerprint: str
    until: int


def generate() -> str:
    """What is secret in a link."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def keep(folder: Path, token: str, link: Link) -> None:
    """From now on there is this link, and no other one of this account."""
    with _alone(folder):
        _end(folder, link.name)
        temporary = folder / f".{_name(token)}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(link), file)
        temporary.replace(folder / _name(token))


def find(folder: Path, token: str) -> Link | None:
    """The link, if there is one that has not ended by its time."""
    link = _read(folder / _name(token))
    return link if link and time.time() < link.until else None


def forget(folder: Path, name: str) -> None:
    """The account of this name has no link any more."""
    if folder.is_dir():
        with _alone(folder):
            _end(folder, name)


def pending(folder: Path) -> dict[str, Link]:
    """Account → its link, if that has not ended by its time."""
    found = map(_read, folder.iterdir()) if folder.is_dir() else ()
    return {link.name: link for link in found if link and time.time() < link.until}


def _end(folder: Path, name: str) -> None:
    """The links of this account, those whose time is over, and what a killed process has left."""
    for path in folder.iterdir():
        link = _read(path)
        if path.name.startswith(".") or link is None or link.name == name or time.time() >= link.until:
            path.unlink(missing_ok=True)


def _read(path: Path) -> Link | None:
    try:
        return Link(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _name(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process changes the links meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
