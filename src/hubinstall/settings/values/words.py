"""What the types of single settings share: the form of a problem, and the words for a value.

Each value is parsed once, when it is read. Every value ends up in a file for nginx, systemd, Python or a shell, where a
filter quotes it for that language. The types here are the second line of defence: they accept only the characters that
the value needs.
"""

import json
from typing import Any

from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A problem, in words for the person who wrote the file; `hint` says what to write instead."""
    return PydanticCustomError("hubinstall", "{message}", {"message": message, "hint": hint})


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
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def schema(title: str, pattern: str, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"title": title, "type": kind, "pattern": f"^{pattern}$"})


def parse_list(value: Any) -> tuple[Any, ...]:
    """A list in the file as a tuple, so that frozen settings contain nothing that can change."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise wrong(f"must be a list, not {type_name(value)}", "try square brackets: [a, b]")
