"""Turn a tree of YAML nodes into typed settings, or explain every problem at its place."""

import difflib
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hubinstall.config import elsewhere
from hubinstall.config.problems import MOST_SHOWN, Problem
from hubinstall.config.yaml.nodes import Fault, Map, Node, Place, Scalar, without
from hubinstall.config.yaml.parser import Document
from hubinstall.settings.auth import UNKNOWN
from hubinstall.settings.keys import known_keys
from hubinstall.settings.model import Settings
from hubinstall.settings.section import Conflict
from hubinstall.settings.values.words import (
    QUOTES,
    WrongValueError,
    named,
    not_a_number,
    not_among,
    out_of_range,
    shown,
)

Path = tuple[str | int, ...]
_UNION_TAGS = {"<word>", "<group>"}  # pydantic adds the chosen branch of a union to the path
_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def check(document: Document, path: str) -> tuple[Settings | None, list[Problem]]:
    """The settings, or None and the problems; `path` is the file's name in the problems."""
    faults = list(document.faults)
    settings, found = _faults(document.root, {fault.path for fault in faults if fault.path})
    faults += found
    problems = [Problem(path, f.place.line, f.place.column, dotted(f.path), f.message, f.hint) for f in faults]
    return (None if problems else settings), problems


def placed(document: Document, name: str, key: Path, message: str, hint: str) -> Problem:
    """A value that does not work on this machine, as a problem at its place in the file; a default value has its place
    at the beginning.
    """
    place = _value(document.root, key)
    return Problem(name, place.line, place.column, dotted(key), message, hint)


def dotted(path: Path) -> str:
    """A key as people write it, with the index of a list item from 0; a name with a dot in it is quoted."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_part(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _part(part: str) -> str:
    plain = part.isprintable() and part and not set(part) & set("\"'. ")
    text = part if plain else json.dumps(part)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _faults(root: Map, refused: set[Path]) -> tuple[Settings | None, list[Fault]]:
    """The problems that pydantic finds, then those that it finds without these values: pydantic only checks a section
    for conflicts if all its values are valid.
    """
    try:
        return Settings.model_validate(root.data), []
    except ValidationError as error:
        faults, gone = _explained(root, error, refused)
    rest = without(root, *gone)
    assert isinstance(rest, Map)
    try:
        if gone:
            Settings.model_validate(rest.data)
    except ValidationError as error:
        again, _ = _explained(rest, error, refused | gone)
        known = set(faults)
        faults += [fault for fault in again if fault not in known]
    return None, faults


def _explained(root: Map, error: ValidationError, gone: set[Path]) -> tuple[list[Fault], set[Path]]:
    faults: list[Fault] = []
    bad: set[Path] = set()
    for detail in error.errors(include_url=False):
        path = _path(root, detail["loc"])
        if detail["type"] == "conflicts":
            conflicts: list[Conflict] = detail["ctx"]["conflicts"]
            real = [c for c in conflicts if not any((*path, key) in gone for key in c.about)]
            faults += [_conflict(root, (*path, *c.at), c) for c in real]
            continue
        # ConfigError shows only the first of thousands of problems, so no suggestion is searched for the others.
        unexplained = detail["type"] == "extra_forbidden" and len(faults) > MOST_SHOWN
        message, hint = (UNKNOWN, "try removing it") if unexplained else _words(detail, path)
        if hint.startswith(QUOTES) and isinstance(node := _node(root, path), Scalar):
            hint = f'{QUOTES} "{node.text}"'  # `007` and `1e5`, not the numbers 7 and 100000.0
        on_key = detail["type"] == "extra_forbidden" or detail["loc"][-1] == "[key]"
        if path not in gone:
            faults.append(Fault(_key(root, path) if on_key else _value(root, path), path, message, hint))
        bad.add(path[:-1] if detail["type"] == "missing" else path)
    return faults, bad - {()}


def _conflict(root: Map, path: Path, conflict: Conflict) -> Fault:
    """A section that takes keys of people's own says itself which of them is unknown."""
    if conflict.message == UNKNOWN and len(conflict.at) == 1:
        return Fault(_key(root, path), path, UNKNOWN, conflict.hint or meant(tuple(str(part) for part in path)))
    return Fault(_value(root, path), path, conflict.message, conflict.hint)


def _path(root: Node, location: tuple[str | int, ...]) -> Path:
    path: list[str | int] = []
    node: Node | None = root
    for part in location:
        if part == "[key]" or (part in _UNION_TAGS and not (isinstance(node, Map) and node.pair(part))):
            continue
        path.append(part)
        node = node.child(part) if node is not None else None
    return tuple(path)


def _value(root: Map, path: Path) -> Place:
    """The place of the value; for a missing value, the place of the map or list that lacks it."""
    return _node(root, path).place


def _node(root: Map, path: Path) -> Node:
    node: Node = root
    for part in path:
        child = node.child(part)
        if child is None:
            break
        node = child
    return node


def _key(root: Map, path: Path) -> Place:
    node: Node | None = root
    for part in path[:-1]:
        node = node.child(part) if node is not None else None
    pair = node.pair(path[-1]) if isinstance(node, Map) else None
    return pair[0].place if pair else _value(root, path)


def _words(detail: ErrorDetails, path: Path) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if isinstance(error := context.get("error"), WrongValueError):
        return error.message, error.hint
    if kind == "extra_forbidden":
        return UNKNOWN, meant(path, value)
    if kind == "missing":
        return "is missing", f"try `{path[-1]}: NAME`"
    if kind == "literal_error":
        return not_among(value, [word.strip(" '") for word in context["expected"].replace(" or ", ", ").split(",")])
    if kind in {"bool_type", "bool_parsing"}:
        better = _YES_NO.get(str(value).lower()) or (
            str(value).lower() if str(value).lower() in {"true", "false"} else ""
        )
        return f"must be true or false, not {named(value)}", f"try {better or 'true or false'}"
    return _number_words(kind, value, context)


def _number_words(kind: str, value: Any, context: dict[str, Any]) -> tuple[str, str]:
    if kind in {"greater_than_equal", "less_than_equal"}:
        least, most = context.get("ge", -math.inf), context.get("le", math.inf)
        return out_of_range(value, least, most)
    if kind == "finite_number":
        return f"must be a finite number, not {shown(value)}", "try 1"
    return not_a_number(value, whole=kind.startswith("int"))


def meant(path: Path, value: Any = None) -> str:
    """A suggestion for an unknown key: what replaces it, the same name elsewhere, or a similar one; always as a whole
    key, so that it can be typed. `value`: what was written below it.
    """
    if answer := elsewhere.answer((*map(str, path), *_only_keys(value))):
        return answer
    *parents, last = path
    name = str(last)
    keys = list(known_keys())
    here = [key[-1] for key in keys if _same_place(key[:-1], parents)]
    plain = name.lower().replace("-", "_")
    near = [plain] if plain in here else difflib.get_close_matches(plain, here, n=1, cutoff=0.65)
    far = {key[-1]: key for key in reversed(keys)}
    likely = [plain] if plain in far else difflib.get_close_matches(plain, far, n=1, cutoff=0.8)
    if near:
        return f"did you mean {dotted((*parents, near[0]))}?"
    if likely:
        return f"did you mean {'.'.join(far[likely[0]]).replace('*', 'NAME')}?"
    return f"try one of {', '.join(dotted((*parents, name)) for name in here)}" if here else "try removing it"


def _only_keys(value: Any) -> Iterator[str]:
    """`cull`, `timeout` of `{cull: {timeout: 600}}`: one key in each map."""
    while isinstance(value, dict) and len(value) == 1:
        [(name, value)] = value.items()
        yield str(name)


def _same_place(known: tuple[str, ...], parents: Sequence[str | int]) -> bool:
    return len(known) == len(parents) and all(a in {"*", b} for a, b in zip(known, parents, strict=True))
