"""Asks the accounts helper, which is root: is a password right, may it become another one, is an account as it was, and
whose is it to be?

The hub's own account can read no hash. What the helper answers, and about whom: the package accounts_helper.
"""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hubinstall import layout

LINE = 256 * 1024
"""Bytes of the longest question."""
LONGEST_NAME, LONGEST_PASSWORD = 256, 4096
"""In bytes. Linux-PAM's own modules take passwords of up to 511."""
LONGEST_OF = 1024
"""Of the name that a sign-on from elsewhere gives somebody: new_accounts.LONGEST characters of up to four bytes."""
LONGEST_TOKEN = 64
"""Of what is secret in a one-time link, in bytes; it has 28."""
MOST_NAMES = 500
"""In one question."""
LONGEST_ANSWER = 1 << 20
CHECK, LOOK, MAKE = 120.0, 2.0, 120.0
"""Seconds that a check may take (a directory may be far away), a look at the machine's own files, and an account."""
UNAVAILABLE = "Logging in is not possible at the moment. Try again later, or tell the people who run this hub."


class UnavailableError(Exception):
    """The helper does not answer: nothing is known."""


class NoAccountError(Exception):
    """There is no account for this person, in words for them."""


class TooManyError(Exception):
    """Too many wrong passwords of this account, or too many new accounts. `seconds`: until the next is checked, or
    made.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many; the next in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Refusal:
    """Why a login is rejected, for the log. `words`: the same for the person who knows the right password; empty if the
    password is wrong, or was not checked.
    """

    reason: str
    words: str = ""


@dataclass(frozen=True)
class Entry:
    """What /etc/shadow says of an account. `fingerprint`: another one is another password. `ended`: why nobody may use
    the account any more, or "".
    """

    fingerprint: str
    ended: str = ""


def can_check(name: str, password: str) -> bool:
    """Whether PAM can be asked at all: UTF-8 without a null byte, and not too long."""
    return bool(name) and fits(name, LONGEST_NAME) and fits(password, LONGEST_PASSWORD)


def refusal(name: str, password: str) -> Refusal | None:
    """Why a login is rejected, such as a wrong password or an expired account; None if it is accepted.

    Blocks as long as the check takes. Raises TooManyError and UnavailableError.
    """
    found = asked({"ask": "password", "name": name, "password": password}, CHECK)
    if found["answer"] == "wait":
        raise TooManyError(float(found["seconds"]))
    if found["answer"] == "accepted":
        return None
    return Refusal(str(found.get("reason", found["answer"])), str(found.get("words", "")))


def change(name: str, password: str, new: str) -> Entry | Refusal:
    """Set the new password of an account whose present one is `password`: what /etc/shadow says of it then, or why not.

    Blocks as long as that takes. Raises TooManyError and UnavailableError.
    """
    found = asked({"ask": "change", "name": name, "password": password, "new": new}, CHECK)
    if found["answer"] == "wait":
        raise TooManyError(float(found["seconds"]))
    if found["answer"] == "changed":
        return Entry(str(found["fingerprint"]))
    return Refusal(str(found.get("reason", found["answer"])), str(found.get("words", "")))


def need_account(name: str, of: str) -> None:
    """There is an account of this name that somebody may use whom the sign-on knows, as `of`; it is made if there is
    none.

    Blocks as long as that takes. Raises NoAccountError, TooManyError and UnavailableError.
    """
    found = asked({"ask": "account", "name": name, "of": of if fits(of, LONGEST_OF) else ""}, MAKE)
    if found["answer"] == "wait":
        raise TooManyError(float(found["seconds"]))
    if found["answer"] == "refused":
        raise NoAccountError(str(found["words"]))


def lock(name: str) -> bool:
    """The sign-on no longer knows the person of this account: whether it is locked now. It is not if others than the
    helper have made it, or given it a day on which it expires.

    Blocks as long as that takes. Raises UnavailableError.
    """
    return bool(asked({"ask": "gone", "name": name}, MAKE)["answer"] == "locked")


def states(names: Iterable[str]) -> dict[str, Entry | None]:
    """What /etc/shadow says of these accounts; None for one that has no line there. Raises UnavailableError."""
    rest, found = [name for name in names if fits(name, LONGEST_NAME) and name], dict[str, Entry | None]()
    while True:
        part, rest = rest[:MOST_NAMES], rest[MOST_NAMES:]
        said = asked({"ask": "states", "names": part}, LOOK)["states"]
        found |= {name: Entry(**state) if state else None for name, state in said.items()}
        if not rest:
            return found


def asked(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer. Raises UnavailableError if there is none within `seconds`."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(layout.ACCOUNTS_SOCKET)
            line.sendall(json.dumps(question, ensure_ascii=False).encode() + b"\n")
            with line.makefile("rb") as reads:
                answer = json.loads(reads.readline(LONGEST_ANSWER))
    except (OSError, ValueError) as error:
        raise UnavailableError(f"the accounts helper does not answer: {error}") from error
    if not isinstance(answer, dict) or "answer" not in answer:
        raise UnavailableError("the accounts helper's answer is none")
    return answer


def fits(text: str, longest: int) -> bool:
    """Whether it is UTF-8 without a null byte, of at most so many bytes."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return False
    return len(text.encode()) <= longest
