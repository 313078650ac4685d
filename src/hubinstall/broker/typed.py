"""Values of a JSON body, each of one type and of a bounded size. What is unknown, twice or of another type is refused.

A reader takes a value and the name of its field, and returns what is sent to Docker instead.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hubinstall.broker.refusal import RefusedError

Reader = Callable[[Any, str], Any]
MOST_ITEMS = 2000
LONGEST = 128 * 1024
"""Characters of the longest text, as the kernel's limit for one variable of an environment."""


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object without duplicate keys at any level."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError("what is not JSON", status=400) from error
    if not isinstance(found, dict):
        raise RefusedError("what is not a JSON object", status=400)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError(f"a body with a key twice: {', '.join(name for name, _ in pairs)[:200]}", status=400)
    return found


def _no_constant(name: str) -> Any:
    raise RefusedError(f"the number {name}", status=400)


def fields(value: Any, name: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """An object whose keys are all known, spelled exactly so; null is the same as absent."""
    if not isinstance(value, dict):
        raise RefusedError(f"{name}: not an object")
    unknown = [key for key in value if key not in readers]
    if unknown:
        raise RefusedError(f"{name}.{unknown[0][:80]}, which it does not know")
    return {key: readers[key](one, f"{name}.{key}") for key, one in value.items() if one is not None}


def text(pattern: str = r"[^\0]*", longest: int = LONGEST) -> Reader:
    shape = re.compile(pattern, re.DOTALL)

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or len(value) > longest or not shape.fullmatch(value):
            raise RefusedError(f"{name} {str(value)[:200]!r}")
        return value

    return read


def number(least: int, most: int = 2**62) -> Reader:
    def read(value: Any, name: str) -> int:
        if type(value) is not int or not least <= value <= most:
            raise RefusedError(f"{name} {str(value)[:80]}")
        return value

    return read


def boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(f"{name} {str(value)[:80]}")
    return value


def only(*known: Any) -> Reader:
    def read(value: Any, name: str) -> Any:
        for one in known:
            if type(value) is type(one) and value == one:
                return one
        raise RefusedError(f"{name} {json.dumps(value)[:200]}")

    return read


def each(item: Reader, most: int = MOST_ITEMS) -> Reader:
    def read(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise RefusedError(f"{name}: not a list of at most {most}")
        return [item(one, name) for one in value]

    return read


def mapping(key: Reader, item: Reader, most: int = 100) -> Reader:
    def read(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise RefusedError(f"{name}: not an object of at most {most}")
        return {key(one, name): item(of, f"{name}.{one[:80]}") for one, of in value.items()}

    return read


def nested(readers: Mapping[str, Reader]) -> Reader:
    return lambda value, name: fields(value, name, readers)


def unless_empty(value: Any, name: str) -> Any:
    """Nothing but an empty list, object or text, or null: what the client says where nobody has said anything."""
    if value not in ([], {}, "", None):
        raise RefusedError(f"{name} {json.dumps(value)[:200]}")
    return {} if value is None else value
