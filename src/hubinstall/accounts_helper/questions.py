"""What may be asked: one line of JSON. What is unknown, twice, of another type or too long is no question."""

import json
from dataclasses import dataclass
from typing import Any, BinaryIO

from hubinstall.hubside.helper import LINE, LONGEST_NAME, LONGEST_OF, LONGEST_PASSWORD, MOST_NAMES


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


Question = Password | Change | States | Wanted


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
    ask, keys = data.get("ask"), set(data)
    if ask == "password" and keys == {"ask", "name", "password"}:
        return Password(_word(data["name"], LONGEST_NAME), _word(data["password"], LONGEST_PASSWORD, empty=True))
    if ask == "change" and keys == {"ask", "name", "password", "new"}:
        words = (_word(data[key], LONGEST_PASSWORD, empty=True) for key in ("password", "new"))
        return Change(_word(data["name"], LONGEST_NAME), *words)
    if ask == "states" and keys == {"ask", "names"} and isinstance(data["names"], list):
        if len(data["names"]) > MOST_NAMES:
            raise MalformedError(f"more than {MOST_NAMES} names")
        return States(tuple(_word(name, LONGEST_NAME) for name in data["names"]))
    if ask == "account" and keys == {"ask", "name", "of"}:
        return Wanted(_word(data["name"], LONGEST_NAME), _word(data["of"], LONGEST_OF, empty=True))
    raise MalformedError("a question that it does not know")


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
