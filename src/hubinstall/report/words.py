"""Phrases that several verbs share."""

import sys

from hubinstall.engine.run import Outcome


def say(text: str) -> None:
    print(text, file=sys.stderr)


def changed(outcome: Outcome) -> str:
    """`12 created, 3 changed, 1 removed`, or that there was nothing to do. A certificate is `requested`: whether it was
    given is not known here, and a notice says so.
    """
    if not outcome.done:
        return "nothing changed"
    verbs = [change.verb for change in outcome.done]
    words = {"create": "created", "change": "changed", "remove": "removed", "request": "requested"}
    return ", ".join(f"{verbs.count(verb)} {word}" for verb, word in words.items() if verb in verbs)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
