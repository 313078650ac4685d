"""Asks the accounts helper about one-time links: whose is it, may this be the new password, and may somebody have one
for another person?
"""

import time
from dataclasses import dataclass, field
from typing import Any

from hubinstall.hubside import helper
from hubinstall.hubside.attempts import Counts, Limit, counted
from hubinstall.hubside.helper import Refusal

WRONG = Limit(free=20, longest=30)
"""Links that do not exist, of one address: a class behind one router mistypes some."""


class NoLinkError(Exception):
    """The link does not exist, was used, or its time is over."""


@dataclass(frozen=True)
class Made:
    """What is secret in a new link, and until when it is good, in seconds since 1970."""

    token: str
    until: int


def whose(token: str) -> str:
    """The account of a link. Blocks shortly. Raises NoLinkError, TooManyError and UnavailableError."""
    return str(_link({"ask": "whose", "token": token}, token)["name"])


def set_first(token: str, new: str) -> Refusal | None:
    """Set the password of the account of a link, which ends by it: why not, or None.

    Blocks as long as that takes. Raises NoLinkError, TooManyError and UnavailableError.
    """
    found = _link({"ask": "first", "token": token, "new": new}, token)
    return None if found["answer"] == "set" else Refusal("the new password", str(found.get("words", "")))


def make(name: str, password: str, person: str) -> Made | Refusal:
    """A link for `person`, made by the account `name` with this password; or why not: without words if that is wrong.

    Blocks as long as that takes. Raises TooManyError and UnavailableError.
    """
    question = {"ask": "reset", "name": name, "password": password, "person": person}
    found = _answer(question)
    if found["answer"] == "made":
        return Made(str(found["token"]), int(found["until"]))
    return Refusal(str(found.get("reason", found["answer"])), str(found.get("words", "")))


def _link(question: dict[str, Any], token: str) -> dict[str, Any]:
    if not token or not helper.fits(token, helper.LONGEST_TOKEN):
        raise NoLinkError
    found = _answer(question)
    if found["answer"] == "no link":
        raise NoLinkError
    return found


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    found = helper.asked(question, helper.CHECK)
    if found["answer"] == "wait":
        raise helper.TooManyError(float(found["seconds"]))
    return found


@dataclass
class Guesses:
    """Address → how many links it asked for that do not exist."""

    _counts: Counts = field(default_factory=Counts)

    def wait(self, address: str) -> float:
        """Seconds until the next is looked up."""
        return self._counts.left(WRONG, ("", counted(address)), time.monotonic())

    def add(self, address: str) -> None:
        self._counts.add(("", counted(address)), time.monotonic())
