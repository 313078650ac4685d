"""What may be asked: one line of JSON. What is unknown, twice, of another type or too long is no question."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from hubinstall.hubside.helper import LINE, LONGEST_NAME, LONGEST_OF, LONGEST_PASSWORD, LONGEST_TOKEN, MOST_NAMES


class MalformedError(Exception):
    """The hub's code asks nothing like it: the connection is closed."""


@dataclass(frozen=True)
class Password:
    """Is this the password of this account, and may the account log in now?"""

    name: str
    password: str

    def __repr__(self) -> str:
        """Without the password, wherever it is shown."""
        return f"Password({self.name!r})"


@dataclass(frozen=True)
class Change:
    """May this account's own person, who knows the password, have this new one?"""

    name: str
    password: str
    new: str

    def __repr__(self) -> str:
        """Without the passwords, wherever it is shown."""
        return f"Change({self.name!r})"


@dataclass(frozen=True)
class States:
    """As what may these accounts be known again, and which of them have ended?"""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """May somebody whom the sign-on knows use the account of this name? It is made if there is none. `of`: what the
    sign-on calls the person, for its comment.
    """

    name: str
    of: str


@dataclass(frozen=True)
class Gone:
    """The sign-on no longer knows the person of this account: it is locked, if it was made for the sign-on."""

    name: str


@dataclass(frozen=True)
class Whose:
    """Whose is this one-time link, if it is good?"""

    token: str

    def __repr__(self) -> str:
        """Without what is secret."""
        return "Whose()"


@dataclass(frozen=True)
class First:
    """May the account of this one-time link have this new password?"""

    token: str
    new: str

    def __repr__(self) -> str:
        """Without what is secret."""
        return "First()"


@dataclass(frozen=True)
class Reset:
    """May this account's own person, who knows the password, have a one-time link for another `person`?"""

    name: str
    password: str
    person: str

    def __repr__(self) -> str:
        """Without the password, wherever it is shown."""
        return f"Reset({self.name!r}, {self.person!r})"


Question = Password | Change | States | Wanted | Gone | Whose | First | Reset
_NAME, _PASSWORD = {"name": LONGEST_NAME}, {"password": LONGEST_PASSWORD}
_NEW, _TOKEN = {"new": LONGEST_PASSWORD}, {"token": LONGEST_TOKEN}
TEXTS: dict[str, tuple[Callable[..., Question], dict[str, int]]] = {
    "password": (Password, _NAME | _PASSWORD),
    "change": (Change, _NAME | _PASSWORD | _NEW),
    "account": (Wanted, _NAME | {"of": LONGEST_OF}),
    "gone": (Gone, _NAME),
    "whose": (Whose, _TOKEN),
    "first": (First, _TOKEN | _NEW),
    "reset": (Reset, _NAME | _PASSWORD | {"person": LONGEST_NAME}),
}
"""What is asked → its question, and its texts with the most bytes of each."""
MAY_BE_EMPTY = frozenset({"password", "new", "of"})


def read_question(stream: BinaryIO) -> Question | None:
    """The next one; None if the other side has closed the connection. Raises MalformedError."""
    line = stream.readline(LINE + 1)
    if not line:
        return None
    if len(line) > LINE or not line.endswith(b"\n"):
        raise MalformedError("a line that is too long, or has no end")
    return parsed(line)


def parsed(line: bytes) -> Question:
    try:
        data = json.loads(line.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MalformedError("what is not JSON") from error
    if not isinstance(data, dict):
        raise MalformedError("what is not a JSON object")
    ask = data.pop("ask", None)
    if ask == "states":
        return States(_names(data))
    kind, longest = TEXTS.get(ask if isinstance(ask, str) else "", (None, {}))
    if kind is None or set(data) != set(longest):
        raise MalformedError("a question that it does not know")
    return kind(**{key: _word(data[key], most, empty=key in MAY_BE_EMPTY) for key, most in longest.items()})


def _names(data: dict[str, Any]) -> tuple[str, ...]:
    names = data.get("names")
    if set(data) != {"names"} or not isinstance(names, list):
        raise MalformedError("a question that it does not know")
    if len(names) > MOST_NAMES:
        raise MalformedError(f"more than {MOST_NAMES} names")
    return tuple(_word(name, LONGEST_NAME) for name in names)


def _word(value: Any, longest: int, *, empty: bool = False) -> str:
    """A text that PAM and the files of accounts can hold: of UTF-8, without a null byte."""
    if not isinstance(value, str) or not (value or empty) or "\0" in value:
        raise MalformedError("a value of another kind")
    try:
        length = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise MalformedError("a value that is no text") from error
    if length > longest:
        raise MalformedError("a value that is too long")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a key twice")
    return found
