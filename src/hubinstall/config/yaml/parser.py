"""Parse YAML text into a tree of nodes with their places.

It uses the events of the parser, not its constructors. So the places are exact, and everything that could make a file
mean something else than it seems to say is refused: anchors, aliases, tags, directives, duplicate keys and a second
document.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from hubinstall.config.yaml.nodes import Fault, Items, Map, Node, Place, Scalar

MAX_DEPTH = 16
_NODES = AliasEvent | ScalarEvent | SequenceStartEvent | MappingStartEvent
_YAML_TAG = "tag:yaml.org,2002:"
Path = tuple[str | int, ...]

# The characters that YAML 1.2 does not allow, and the three that YAML 1.1 treats as line ends: an editor does not show
# a new line there, so text after a comment would look like part of the comment without being one.
# U+FFFD replaces bytes that are not UTF-8.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffc\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Document:
    """A file's text, its keys and values, and what was refused (the tree does not contain those values)."""

    text: str
    root: Map
    faults: tuple[Fault, ...] = ()


def parse(text: str) -> Document:
    """The tree of any text; a text with a syntax error has no tree, only a fault."""
    forbidden = tuple(_forbidden(text, found) for found in islice(_FORBIDDEN.finditer(text), 20))
    if forbidden:
        return Document(text, _empty(text), forbidden)
    builder = _Builder(text)
    try:
        with warnings.catch_warnings(action="ignore"):  # ruamel warns about directives; they are refused below
            root = builder.document(YAML(typ="rt", pure=True).parse(text))
    except _RefusedError as refused:
        return Document(text, _empty(text), (*builder.faults, refused.fault))
    except MarkedYAMLError as error:
        return Document(text, _empty(text), (_syntax(text, error),))
    except Exception as error:  # noqa: BLE001 (the parser is not ours; any error in it means that the file is wrong)
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        fault = Fault(place_at(text, 0), (), f"is not YAML: {reason}", "try `hubinstall config example`")
        return Document(text, _empty(text), (fault,))
    return Document(text, root, tuple(builder.faults))


def place_at(text: str, offset: int) -> Place:
    """The place of one character of the text."""
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(offset, offset, text.count("\n", 0, offset) + 1, offset - line_start + 1)


def _forbidden(text: str, found: re.Match[str]) -> Fault:
    place = place_at(text, found.start())
    if found[0] == "\ufffd":
        return Fault(place, (), "is not UTF-8 here", "try saving the file as UTF-8")
    return Fault(place, (), f"contains the character U+{ord(found[0]):04X}", "try deleting it")


def _empty(text: str) -> Map:
    return Map(place_at(text, 0), (), flow=False)


_INDENT = "try the same indentation as the lines around it"
_SYNTAX = (  # a part of ruamel's message, what it means, what to do
    ("'\\t' that cannot start", "YAML does not allow tabs for indentation", "try spaces"),
    ("cannot start any token", "{character} cannot start an unquoted value", "try quotes around the value"),
    ("mapping values are not allowed", "unexpected `:` here", "try the indentation of the lines above, or quotes"),
    ("expected <block end>", "is not aligned with the lines above", _INDENT),
    ("could not find expected ':'", "a `:` is missing before this", "try `key: value`"),
    ("while parsing a flow", "a bracket or brace before this is not closed", "try closing it, or adding a comma"),
    ("quoted scalar", "a quoted text is malformed here", "try closing the quotes"),
    ("", "is not YAML: {problem}", "check the indentation of the lines around it"),
)


def _syntax(text: str, error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.index, mark.index, mark.line + 1, mark.column + 1) if mark else place_at(text, 0)
    problem = str(error.problem or "it cannot be read")
    said = f"{problem} {error.context or ''}"
    message, hint = next((message, hint) for part, message, hint in _SYNTAX if part in said)
    character = f"`{text[place.start : place.start + 1]}`"
    return Fault(place, (), message.format(character=character, problem=problem[:100]), hint)


class _RefusedError(Exception):
    """The rest of the tree cannot be built."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass
class _Builder:
    text: str
    faults: list[Fault] = field(default_factory=list)

    def document(self, events: Iterator[Event]) -> Map:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise _RefusedError(
                        Fault(
                            _place(event), (), "a second document starts here", "try a single document, without `---`"
                        )
                    )
                if event.version or event.tags:
                    self.faults.append(
                        Fault(_place(event), (), "there is a YAML directive before this", "try removing it")
                    )
            elif isinstance(event, _NODES):
                root = self.node(event, events, ())
        if root is None or (isinstance(root, Scalar) and root.data is None):
            return _empty(self.text)
        if isinstance(root, Map):
            return root
        raise _RefusedError(Fault(root.place, (), "the file must be a map of keys", "try `users: {admin: [alice]}`"))

    def node(self, event: Event, events: Iterator[Event], path: Path) -> Node | None:
        """The node that starts with `event`; None if it is refused."""
        place = _place(event)
        if len(path) > MAX_DEPTH:
            too_deep = f"is nested more than {MAX_DEPTH} levels deep"
            raise _RefusedError(Fault(place, (), too_deep, "try fewer levels: no key needs so many"))
        if not isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            self.refuse(place, path, "is an alias (`*`) of another value", "try writing the value out")
            return None
        if event.anchor:
            self.refuse(place, path, "has an anchor (`&`)", "try writing the value out where it is needed")
        if event.tag:
            self.refuse(
                place, path, f"has a tag ({str(event.tag).replace(_YAML_TAG, '!!')})", "try the value without it"
            )
        if isinstance(event, ScalarEvent):
            # ruamel marks the line ends of a folded text (`>`).
            value = event.value.replace("\a", "") if event.style == ">" else event.value
            return Scalar(place, value, plain=event.style is None)
        if isinstance(event, SequenceStartEvent):
            return self.items(event, events, path)
        return self.map(event, events, path)

    def refuse(self, place: Place, path: Path, message: str, hint: str) -> None:
        self.faults.append(Fault(place, path, message, hint))

    def items(self, start: SequenceStartEvent, events: Iterator[Event], path: Path) -> Items:
        nodes: list[Node] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                return Items(_span(start, event), tuple(nodes), flow=bool(start.flow_style))
            node = self.node(event, events, (*path, len(nodes)))
            if node is not None:
                nodes.append(node)
        raise AssertionError("a list without an end")

    def map(self, start: MappingStartEvent, events: Iterator[Event], path: Path) -> Map:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                return Map(_span(start, event), tuple(pairs.values()), flow=bool(start.flow_style))
            key = self.node(event, events, path)
            name = key.text if isinstance(key, Scalar) else "?"
            value = self.node(next(events), events, (*path, name))
            if not isinstance(key, Scalar):
                if key is not None:
                    self.refuse(key.place, path, "a list or map cannot be a key", "try a name")
            elif name in pairs:
                first = pairs[name][0].place.line
                self.refuse(key.place, (*path, name), f"appears twice, first on line {first}", "try merging the two")
            elif value is not None:
                pairs[name] = (key, self.behind(key, value))
        raise AssertionError("a map without an end")

    def behind(self, key: Scalar, value: Node) -> Node:
        """The value. A missing value gets the place after its key's colon (the parser would place it lines later)."""
        if not (isinstance(value, Scalar) and value.plain and not value.text):
            return value
        colon = re.compile(r"\s*:").match(self.text, key.place.end)
        offset = colon.end() if colon else key.place.end
        return Scalar(Place(offset, offset, key.place.line, key.place.column), "", plain=True)


def _place(event: Event) -> Place:
    mark = event.start_mark
    return Place(mark.index, event.end_mark.index, mark.line + 1, mark.column + 1)


def _span(start: Event, end: Event) -> Place:
    mark = start.start_mark
    return Place(mark.index, end.end_mark.index, mark.line + 1, mark.column + 1)
