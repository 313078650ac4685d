"""The parts of a YAML text: scalars, lists and maps with their places.

Unquoted scalars are resolved by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): `yes` and
`on` are text. Keys are always text: a share may be called 2026.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,30}")  # a longer number makes no sense in any setting
_BASE = re.compile(r"0(o[0-7]{1,30}|x[0-9a-fA-F]{1,30})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Place:
    """A range of the text: the offsets of its first character and after its last; line and column count from 1."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True)
class Fault:
    """Text that is not YAML, or YAML that is not accepted."""

    place: Place
    path: tuple[str | int, ...]
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Scalar:
    """One value; `plain` if it is not quoted."""

    place: Place
    text: str
    plain: bool

    @property
    def data(self) -> Any:
        return resolve(self.text) if self.plain else self.text

    def child(self, _name: str | int) -> None:
        return None


@dataclass(frozen=True)
class Items:
    """A list; `flow` if it is written with brackets."""

    place: Place
    nodes: tuple["Node", ...]
    flow: bool

    @property
    def data(self) -> list[Any]:
        return [node.data for node in self.nodes]

    def child(self, name: str | int) -> "Node | None":
        return self.nodes[name] if isinstance(name, int) and name < len(self.nodes) else None


@dataclass(frozen=True)
class Map:
    """Keys with values, in the order of the file; `flow` if it is written with braces."""

    place: Place
    pairs: tuple[tuple[Scalar, "Node"], ...]
    flow: bool

    @property
    def data(self) -> dict[str, Any]:
        return {key.text: node.data for key, node in self.pairs}

    @cached_property
    def _by_name(self) -> dict[str | int, tuple[Scalar, "Node"]]:
        return {pair[0].text: pair for pair in self.pairs}

    def pair(self, name: str | int) -> tuple[Scalar, "Node"] | None:
        return self._by_name.get(name)

    def child(self, name: str | int) -> "Node | None":
        pair = self.pair(name)
        return pair[1] if pair else None


Node = Scalar | Items | Map


def resolve(text: str) -> Any:
    """The value of an unquoted scalar: None, a boolean, a number or text."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return bool(_TRUE.fullmatch(text))
    if _INT.fullmatch(text):
        return int(text)
    if _BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def without(node: Node, *paths: tuple[str | int, ...]) -> Node:
    """The same tree without the values at `paths` (and their keys); the places do not change."""
    gone = {path[0] for path in paths if len(path) == 1}
    below: dict[str | int, list[tuple[str | int, ...]]] = defaultdict(list)
    for name, *rest in paths:
        below[name].append(tuple(rest))
    if isinstance(node, Map):
        kept = [(key, value) for key, value in node.pairs if key.text not in gone]
        return Map(node.place, tuple((key, without(value, *below[key.text])) for key, value in kept), node.flow)
    if isinstance(node, Items):
        left = [(index, value) for index, value in enumerate(node.nodes) if index not in gone]
        return Items(node.place, tuple(without(value, *below[index]) for index, value in left), node.flow)
    return node
