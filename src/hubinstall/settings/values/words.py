"""What the types of single settings share: the form of a problem, and the words for a value.

Each value is parsed once, when it is read. Every value ends up in a file for nginx, systemd, Python or a shell, where a
filter quotes it for that language. The types here are the second line of defence: they accept only the characters that
the value needs. Only the standard library in this folder: bootstrap.py checks its flags with it (settings/types.py has
the types that pydantic reads).
"""

import difflib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any


class WrongValueError(ValueError):
    """A problem, in words for the person who wrote the value; `hint` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


wrong = WrongValueError
QUOTES = "try quotes around it:"
"""Begins the hint for a name that YAML takes for something else; config/explain.py ends it with what the file says."""


def as_text(value: Any, what: str, example: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"must be {what}, not {type_name(value)}", f"try {example}")


def type_name(value: Any) -> str:
    """What a reader of the YAML file calls a value of this type."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    named = names.get(type(value))
    if named:
        return named
    return "a map of keys" if isinstance(value, dict) else "an empty value" if value is None else "a list"


def shown(value: Any) -> str:
    """A value in the form for a message: one printable line of limited length."""
    text = _without_password(repr(value) if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= 60 else f"{text[:57]}…"


def quoted(value: str) -> str:
    """As it was typed, if that is one short printable word."""
    plain = value.isprintable() and 0 < len(value) <= 60 and not set(value) & set(" \"'`$;&|<>(){}*?!\\#~")
    return _without_password(value) if plain else shown(value)


def _without_password(text: str) -> str:
    """A URL may hold the password of a proxy, and messages end up in logs."""
    return re.sub(r"((?:://|^['\"]?)[^/\s:@]+:)[^/\s@]*(?=@)", r"\1…", text)


def parse_list(value: Any) -> tuple[Any, ...]:
    """A list in the file as a tuple, so that frozen settings contain nothing that can change."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise wrong(f"must be a list, not {type_name(value)}", "try square brackets: [a, b]")


def named(value: Any) -> str:
    return shown(value) if isinstance(value, str | int | float) else type_name(value)


def not_a_number(value: Any, *, whole: bool = False) -> tuple[str, str]:
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    return (
        f"must be {'a whole number' if whole else 'a number'}, not {named(value)}",
        f"try {value} without quotes" if digits else "try 1024" if whole else "try 1",
    )


def out_of_range(value: Any, least: float, most: float) -> tuple[str, str]:
    low = value < least
    return (
        f"{shown(value)} is too {'small' if low else 'large'}",
        f"try {least} or more" if low else f"try {most} or less",
    )


def not_among(value: Any, choices: Sequence[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(str(value).lower(), choices, n=1)
    listed = choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + " or " + choices[-1]
    return f"must be {listed}, not {named(value)}", f"try {near[0] if near else choices[0]}"


def map_of_names(example: str) -> Callable[[Any], Any]:
    """A parser that takes a map. `example`: a value that fits in it."""

    def parse(value: Any) -> Any:
        if isinstance(value, dict):
            return value
        raise wrong(f"must be a map of names, not {type_name(value)}", f"try `NAME: {example}`")

    return parse
