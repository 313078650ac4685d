"""What the program's texts tell people to set and to type, and which of it does not exist."""

import argparse
import ast
import contextlib
import functools
import io
import re
import shlex
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from hubinstall import layout
from hubinstall.cli.config import pairs
from hubinstall.cli.main import bootstrap_parser, parser
from hubinstall.config.reference import schema
from hubinstall.config.yaml.parser import parse
from hubinstall.errors import UserError
from hubinstall.settings.auth import UNKNOWN
from hubinstall.settings.keys import known_keys
from hubinstall.settings.model import Settings
from hubinstall.settings.section import Conflict
from hubinstall.settings.sign_on_classes import OWN

Key = tuple[str, ...]
GAP = "{}"
"""Stands for a value in an f-string that only a run knows."""
KNOWN = set(known_keys())
PARTS = {part for key in KNOWN for part in key}
TOPS = {key[0] for key in KNOWN}
SERVICES = {*layout.SERVICES, *layout.SUPERVISORS_OWN, *layout.SYSTEMDS_OWN, layout.SUPERVISORD, "hubinstall"}

_PART = rf"(?:[a-z_]+|\"[^\"]*\"|{re.escape(GAP)})"
_DOTTED = rf"(?<![\w./\"'@:-])([a-z_]+(?:\.{_PART})+)"
DOTTED = re.compile(rf"{_DOTTED}(?![\w(/\[-]|\.\w)")
UNDERSCORED = re.compile(r"(?<![\w./%-])([a-z]+(?:_[a-z]+)+)(?![\w./(%-])")
SET = re.compile(r"\b[Ss]et(?:ting)? `?([\w.]+)`? to\b")
VALUES = (
    re.compile(rf"{_DOTTED}: ([^\s`;,)]+)"),
    re.compile(r"\b(?:try|or|and|set|Set) ([a-z_]+): ([^\s`;,)]+)"),
    re.compile(rf"\b(?:set|Set|such as) {_DOTTED} (?!to\b|and\b|or\b)([\w./-]+)"),
    re.compile(rf"{_DOTTED} is (?!not\b|empty\b)([\w./-]+)"),
)
"""A key with a value: `https.mode: off`, "set https.mode off", "https.mode is off"."""
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?<![\w/.'-])(`?)hubinstall((?: (?=[a-z])[^\s`;,()<]+)(?: [^\s`;,()<]+)*)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")

FILES = (".yaml", ".json", ".pem", ".py", ".d", ".target", ".txt", ".toml", ".lock", ".yml")
"""Endings of dotted names that are files or units."""
FOREIGN = {
    "debian.org", "docker.io", "kernel.pid_max", "c.Spawner.default_url",
    "jupyterhub_idle_culler", "default_url", "hub.example.org", "default_server", "nf_tables", "login_error",
    "distinguished_name", "common_name", "dmesg", "docker", "timedatectl", "update-ca-certificates", "key: value",
    "hub.host", "alice.hub.example.org", "subdomain_host", "expires_in",
    "sqlite_master", "alembic_version", "version_num", "last_activity", "preferred_username", "realm_access.roles",
    "hubinstall_room", "journal_mode", "temp_store", "freelist_count", "page_size",
}  # fmt: skip
"""Words that look like a key or value of ours, but belong to another program."""
SCRIPTS = ("tar --create",)
SPOKEN_OF = {
    "does",
    "downloads",
    "has",
    "is",
    "itself",
    "keeps",
    "made",
    "makes",
    "needs",
    "or",
    "reads",
    "tries",
    "was",
}
"""Words after the program's name in sentences about it; a new sentence may need another word here."""


def texts(source: str) -> Iterator[tuple[int, str]]:
    """The strings of a Python file with their lines, without docstrings; f-strings as one text, with GAP for values."""
    nodes = list(ast.walk(ast.parse(source)))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_filled(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.lineno, node.value


def _filled(part: ast.expr) -> str:
    """A part of an f-string; a name of layout.py stands for its value."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else part
    known = isinstance(value, ast.Attribute) and ast.unparse(value.value) == "layout"
    return str(getattr(layout, value.attr)) if known else GAP


def keys(text: str, *, message: bool = True) -> list[str]:
    """The dotted names that are meant as keys; outside messages, only those that start like a key."""
    found = [name for name in DOTTED.findall(text) if not name.endswith(FILES) and name not in FOREIGN]
    return found if message else [name for name in found if name.partition(".")[0] in TOPS]


def commands(text: str) -> list[str]:
    """Our commands that a text tells people to type."""
    found = []
    for backtick, rest in COMMAND.findall(text):
        words = rest.split()
        end = next((n for n, word in enumerate(words, 1) if word[-1] in ".:"), len(words))
        if backtick or words[0] not in SPOKEN_OF:
            found.append(" ".join(["hubinstall", *words[:end]]).rstrip(".:"))
    return found


def faults(text: str, *, relative: bool = False) -> list[str]:
    """What a message names that does not exist. `relative`: a key may be relative to its section."""
    found = [name for name in keys(text) if not is_key(name, relative=relative)]
    found += [name for name in UNDERSCORED.findall(text) if name not in FOREIGN and name not in PARTS]
    found += [name for name in SET.findall(text) if not is_key(name, relative=relative)]
    found += [word for word in IN_BACKTICKS.findall(text) if not _is_known_word(word, relative=relative)]
    for key, value in (pair for pattern in VALUES for pair in pattern.findall(text)):
        if not takes(key, value.rstrip(".:"), relative=relative):
            found.append(f"{key}: {value}")
    found += [command for command in commands(text) if not is_command(command)]
    # Flags of other programs appear together with the program in backticks, or in a script.
    told = [] if text.startswith(SCRIPTS) else FLAG.findall(IN_BACKTICKS.sub("", text))
    return found + [flag for flag in told if flag not in flags()]


def is_key(name: str, *, relative: bool = False) -> bool:
    return bool(_matching(name, relative=relative))


def takes(name: str, value: str, *, relative: bool = False) -> bool:
    """Whether a key of this name may have the value, or a list of it. A value that only a run or a person knows may."""
    matching = _matching(name, relative=relative)
    if GAP in value or value.isupper():
        return bool(matching)
    data = parse(f"value: {value}").root.data.get("value")
    return any(accepts(key, data) or accepts(key, [data]) for key in matching)


def accepts(key: Key, data: Any) -> bool:
    """Whether settings with only this key are valid, apart from what is then missing."""
    for part in reversed(key):
        data = {"name" if part == "*" else part: data}
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        return all(
            fault["type"] == "conflicts" and _about_values(fault["ctx"]["conflicts"]) for fault in error.errors()
        )
    return True


def _about_values(conflicts: list[Conflict]) -> bool:
    return all(conflict.message != UNKNOWN for conflict in conflicts)


def is_command(command: str) -> bool:
    arguments = _parsed(shlex.split(command.replace(GAP, "NAME"))[1:])
    if arguments is None:
        return False
    service = getattr(arguments, "service", None)
    if service not in {None, "NAME", *SERVICES}:
        return False
    key = getattr(arguments, "key", None)
    told = [(key, item) for item in getattr(arguments, "items", ["NAME"])] if key else []
    with contextlib.suppress(UserError):
        told += pairs(arguments.pairs) if hasattr(arguments, "pairs") else []
        return all(key in {"KEY", "NAME"} or takes(key, value) for key, value in told if key != "…")
    return False


def _parsed(words: list[str]) -> argparse.Namespace | None:
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        return parser().parse_args(words)
    return None


@functools.cache
def flags() -> frozenset[str]:
    """Every option of the command, its verbs, and bootstrap.py."""
    waiting, found = [parser(), bootstrap_parser()], set[str]()
    for one in waiting:
        for action in one._actions:  # argparse has no public list of them
            found.update(action.option_strings)
            waiting += action.choices.values() if isinstance(action, argparse._SubParsersAction) else ()
    return frozenset(found)


@functools.cache
def choices() -> frozenset[str]:
    """Every word that is a value of a key with a fixed choice of words."""

    def within(part: Any) -> Iterator[str]:
        if isinstance(part, list):
            yield from (word for each in part for word in within(each))
        elif isinstance(part, dict):
            yield from (str(word) for word in [*part.get("enum", []), *([part["const"]] if "const" in part else [])])
            yield from (word for each in part.values() for word in within(each))

    return frozenset(within(schema()))


def _matching(name: str, *, relative: bool) -> list[Key]:
    """The keys that a name may mean; with `relative`, also those that end with it."""
    parts = re.findall(_PART, name) if "." in name else [name]
    found = []
    for key in KNOWN:
        end = key[-len(parts) :] if relative else key
        if len(end) == len(parts) and all(p in {k, GAP} or k == "*" for p, k in zip(parts, end, strict=True)):
            found.append(key)
    return found


def _is_line(told: str) -> bool:
    """Whether the file may contain it in any section."""
    data = parse(told).root.data
    return any(accepts(key, data) for key in ((), *KNOWN) if not key or key[-1] not in OWN)


def _is_known_word(told: str, *, relative: bool) -> bool:
    """Whether the text in backticks is a key, a value, a line of the file, or not about our settings at all."""
    if told in FOREIGN or GAP in told:
        return True
    key, separator, value = told.partition(": ")
    if separator and not told.startswith("{"):
        return takes(key, value) if "." in key else _is_line(told)
    if re.fullmatch(r"[a-z][a-z_-]*", told):
        return told in choices() or is_key(told, relative=relative)
    return True
