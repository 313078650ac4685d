"""What the types of single settings share: the form of a problem, and how a value is named in it.

Each type is parsed once, at the edge, and is narrow. Every one of these values ends up in a file of nginx, systemd,
Python or a shell. Each language is quoted by its own filter there; here the second fence stands: only characters that
the thing itself needs are let in.
"""

import json
from typing import Any

from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A problem in words for the person who wrote the file; `hint` says what to write instead."""
    return PydanticCustomError("hubinstall", "{message}", {"message": message, "hint": hint})


def as_text(value: Any, what: str, example: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"must be {what}, not {type_name(value)}", f"try {example}")


def type_name(value: Any) -> str:
    """What YAML's reader calls a value of this type."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    named = names.get(type(value))
    if named:
        return named
    return "a map of keys" if isinstance(value, dict) else "nothing" if value is None else "a list"


def shown(value: Any) -> str:
    """A value as it may stand in a message: one line, printable, not endless."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def schema(title: str, pattern: str, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"title": title, "type": kind, "pattern": f"^{pattern}$"})


def parse_list(value: Any) -> tuple[Any, ...]:
    """A list in the file, a tuple here: what is frozen is frozen all the way down."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise wrong(f"must be a list, not {type_name(value)}", "try square brackets: [a, b]")
