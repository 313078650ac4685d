"""The differences between the desired and the actual state, for people and for programs.

They never contain secrets: a state holds digests, and a resource shows its texts only where that is safe.
"""

import difflib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from hubinstall.machine.host import Host
from hubinstall.resources.base import Change

DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{40,64}")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOURS = {"+": "32", "-": "31", "@": "36"}


def print_plan(changes: list[Change], host: Host, warnings: Sequence[str] = (), *, as_json: bool = False) -> None:
    """Print what apply would do, in its order, to stdout; `warnings`, which stop nothing, to stderr."""
    if as_json:
        data = as_data(changes, host) | {"warnings": list(warnings)}
        print(json.dumps(data, indent=1, sort_keys=True))
        return
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for change in changes:
        for line in described(change, host):
            print(coloured(line) if colour else line)
    for warning in warnings:
        print(f"note: {printable(warning)}", file=sys.stderr)
    verbs = [change.verb for change in changes]
    counts = ", ".join(
        f"{verbs.count(verb)} to {verb}" for verb in ("create", "change", "remove", "request") if verb in verbs
    )
    print(f"{counts}; nothing was changed" if changes else "nothing to do", file=sys.stderr)


def as_data(changes: list[Change], host: Host) -> dict[str, Any]:
    """The JSON form: `changes` in order, each with id, verb, the values that differ, and a diff of texts if any."""
    return {"changes": [_as_data(change, host) for change in changes]}


def _as_data(change: Change, host: Host) -> dict[str, Any]:
    before, after = change.before or {}, change.after or {}
    return {
        "id": change.id,
        "verb": change.verb,
        "values": {key: {"before": before.get(key), "after": after.get(key)} for key in change.keys},
        "diff": "\n".join(text_diff(change, host)),
    }


def described(change: Change, host: Host) -> Iterator[str]:
    """The lines for one change: the verb and id, then each value before → after, then the diff of texts."""
    yield f"{change.verb:<7} {printable(change.id)}"
    if change.verb == "remove":
        return
    before, after = change.before or {}, change.after or {}
    for key in change.keys:
        if change.before is None:
            yield f"    {key}: {shown(after.get(key))}"
        else:
            yield f"    {key}: {shown(before.get(key))} → {shown(after.get(key))}"
    # The whole text of a new file would bury everything else; the JSON form has it.
    if change.verb == "change":
        yield from (f"    {printable(line)}" for line in text_diff(change, host))


def text_diff(change: Change, host: Host) -> list[str]:
    """A unified diff, if the resource has texts that people may see."""
    texts = getattr(change.resource, "texts", None)
    if texts is None or change.after is None or "content" not in change.keys:
        return []
    pair: tuple[str, str] | None = texts(host)
    if pair is None:
        return []
    old, new = (text.splitlines() for text in pair)
    name = change.resource.name
    source = name if change.before is not None else os.devnull
    return list(difflib.unified_diff(old, new, source, name, n=2, lineterm=""))


def shown(value: Any) -> str:
    """A value on one line; digests are shortened, since nobody reads them."""
    if isinstance(value, str):
        return DIGEST.sub(lambda found: f"{found[0][: 19 if ':' in found[0] else 12]}…", printable(value)) or '""'
    if value is None:
        return "absent"
    return DIGEST.sub(lambda found: f"{found[0][:12]}…", printable(json.dumps(value, ensure_ascii=False)))


def printable(text: str) -> str:
    """Foreign text made safe for a terminal: nothing that moves the cursor or reverses the text direction."""
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def coloured(line: str) -> str:
    code = COLOURS.get(line.strip()[:1]) if line.startswith("    ") else "1"
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
