"""Changes as people type them. A refusal names what was typed, never a line of a file that was not written."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hubinstall import layout
from hubinstall.config import edit
from hubinstall.config.explain import Path, dotted, meant, placed
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.validate import Config, Typed, validate
from hubinstall.config.yaml.parser import Document
from hubinstall.errors import BAD_CONFIGURATION, UserError
from hubinstall.settings.auth import UNKNOWN
from hubinstall.settings.keys import is_known, is_list
from hubinstall.settings.values.words import quoted

UNCHANGED = "Nothing was changed."


@dataclass(frozen=True)
class Edit:
    """One change: the words that were typed for it, its key, and the file after it."""

    words: str
    key: str
    made: Callable[[Document], Document]
    adds: bool = False
    """It adds the last item of the list `key`."""


def setting(words: str, key: str, value: str) -> Edit:
    return Edit(f"{words} {quoted(value)}", key, lambda document: edit.set_value(document, key, value))


def variable(name: str, key: str, value: str) -> Edit:
    """As `setting`, but from a variable of the shell, whose value is no YAML. A list has commas."""
    data = json.dumps(value.split(",") if is_list(edit.path_of(key)) else value)
    return Edit(f"{name}={quoted(value)}", key, lambda document: edit.set_value(document, key, data))


def adding(words: str, key: str, item: str) -> Edit:
    """Raises UserError if the key has one value."""
    path = edit.path_of(key)
    if is_known(path) and not is_list(path):
        raise UserError(f"{key} is not a list", f"Use `hubinstall config set {key} VALUE`.", 2)
    return Edit(f"{words} {quoted(item)}", key, lambda document: edit.add_item(document, key, item), adds=True)


def removing(words: str, key: str, item: str) -> Edit:
    return Edit(f"{words} {quoted(item)}", key, lambda document: edit.remove_item(document, key, item))


def unsetting(words: str, key: str) -> Edit:
    return Edit(words, key, lambda document: edit.unset(document, key))


def edited(file: Document, edits: Sequence[Edit]) -> Config:
    """The settings after all edits, checked as a whole; `file` is what is on the disk.

    Raises UserError if the result cannot be used: in the words of the edits, or with the place in the file where the
    file was wrong before.
    """
    document, typed = file, list[Typed]()
    for one in edits:
        document = one.made(document)
        typed.append(Typed(one.words, _key(document, one)))
    try:
        config = validate(document)
    except ConfigError as error:
        raise _refused(file, typed, error.problems) from None
    return replace(config, file=file, typed=tuple(typed))


def told(config: Config, at: Path, message: str, hint: str) -> str:
    """What the machine has against a value: as it was typed, or with its place in the file."""
    key = dotted(at)
    if words := _about(config.typed, key):
        return f"{words}: {message}; {hint}"
    return str(placed(config.file or config.document, layout.CONFIG_FILE, at, message, hint))


def _key(document: Document, one: Edit) -> str:
    """The dotted key of the value that an edit has made."""
    path = edit.path_of(one.key)
    node: Any = document.root.data
    for part in path if one.adds else ():
        node = node.get(part) if isinstance(node, dict) else None
    return dotted((*path, len(node) - 1) if isinstance(node, list) else path)


def _refused(file: Document, typed: Sequence[Typed], problems: list[Problem]) -> UserError:
    try:
        validate(file)
        before = []
    except ConfigError as error:
        before = error.problems
    old = {(problem.key, problem.message): problem for problem in before}
    known = [problem for problem in problems if (problem.key, problem.message) in old]
    if len(known) == len(problems):
        return ConfigError(old[problem.key, problem.message] for problem in problems)
    lines = [str(old[problem.key, problem.message]) for problem in known]
    lines += [_line(typed, problem) for problem in problems if problem not in known]
    return UserError("\n".join(lines), UNCHANGED, BAD_CONFIGURATION)


def _line(typed: Sequence[Typed], problem: Problem) -> str:
    words = _about(typed, problem.key) or _near(typed, problem.key)
    below = next((each.key for each in typed if each.key.startswith(f"{problem.key}.")), "")
    better = meant(edit.path_of(below)) if below and problem.message == UNKNOWN else ""
    if better.startswith("did you mean"):
        return f"{words}: {UNKNOWN}; {better}"
    of_key = problem.key in {each.key for each in typed}
    what = problem.message if of_key or not problem.key else f"{problem.key}: {problem.message}"
    return f"{words}: {what}; {problem.hint}" if problem.hint else f"{words}: {what}"


def _about(typed: Sequence[Typed], key: str) -> str:
    """The words that set this key, one above it or one below it; empty if there are none."""
    return next((each.words for each in typed if _within(key, each.key) or _within(each.key, key)), "")


def _near(typed: Sequence[Typed], key: str) -> str:
    """The words that caused a problem elsewhere in the file: those about the same section, or all of them."""
    section = key.partition(".")[0]
    near = [each.words for each in typed if each.key.partition(".")[0] == section]
    return ", ".join(near or [each.words for each in typed])


def _within(key: str, other: str) -> bool:
    return key == other or key.startswith((f"{other}.", f"{other}["))
