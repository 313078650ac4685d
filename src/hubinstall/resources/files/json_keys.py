"""Single keys of a JSON file that belongs to others: everything else in it stays byte for byte."""

import json
import re
from dataclasses import asdict, dataclass, field
from json.decoder import JSONDecodeError
from pathlib import PurePosixPath
from typing import Any, ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.records import record
from hubinstall.resources.base import KEPT, Change, State

SPACE = re.compile(r"[ \t\r\n]*")
MODE = "0644"


@dataclass(frozen=True)
class Note:
    """What was there before us: whether the file and its directory existed, and the keys whose values we replaced."""

    file: bool = True
    folder: bool = True
    keys: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JsonKeys:
    """Top-level keys of the file `name`. `before`: the path of a note with their former values, for the removal.

    `pid_file`: the PID file of a program that reloads the file on SIGHUP, which it gets when the keys are removed.
    """

    kind: ClassVar[str] = "json-keys"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    keys: dict[str, Any] = field(default_factory=dict, hash=False, metadata=KEPT)
    before: str = field(default="", metadata=KEPT)
    pid_file: str = field(default="", metadata=KEPT)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return dict(self.keys)

    def actual(self, host: Host) -> State | None:
        """Also None while keys have values from before us: the ledger must not record them as adopted, because `remove`
        can restore them from the note.
        """
        values = parse(self.name, host.read(self.name))
        found = {key: values[key] for key in self.keys if key in values}
        return found if found == self.keys or (found and host.exists(self.before)) else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        content = host.read(self.name)
        text = decoded(self.name, content)
        values = parse(self.name, content)
        folder = str(PurePosixPath(self.name).parent)
        if not host.exists(self.before):
            was = {key: values[key] for key in self.keys if key in values}
            note = Note(content is not None, host.exists(folder), was)
            host.write(self.before, (json.dumps(asdict(note)) + "\n").encode(), mode="0600")
        if not host.exists(folder):
            host.mkdir(folder)
        for key, value in self.keys.items():
            text = with_key(text, key, value)
        self._write(host, text)

    def remove(self, host: Host) -> None:
        content = host.read(self.name)
        hint = f"It says what was in {self.name} before. Move it away: then our keys are removed, and nothing more."
        note = record(host, self.before, Note, hint) or Note()
        if content is not None:
            text, now = decoded(self.name, content), parse(self.name, content)
            for key, ours in self.keys.items():
                if now.get(key) != ours:
                    continue  # someone else has changed it since: now it is theirs
                text = with_key(text, key, note.keys[key]) if key in note.keys else without_key(text, key)
            if not note.file and not json.loads(text):
                host.remove(self.name)
                if not note.folder:
                    host.remove(str(PurePosixPath(self.name).parent))
            else:
                self._write(host, text)
        reload(host, self.pid_file)
        host.remove(self.before)

    def _write(self, host: Host, text: str) -> None:
        stat = host.stat(self.name)
        if stat and stat.kind == "link":
            raise UserError(
                f"{self.name} is a link to {stat.target}", "Replace the link with the file itself, then run it again."
            )
        who = {"mode": stat.mode, "owner": stat.owner, "group": stat.group} if stat else {"mode": MODE}
        host.write(self.name, text.encode(), **who)


def reload(host: Host, pid_file: str) -> None:
    """Send SIGHUP to the program whose PID is in the file, if it runs."""
    pid = host.text(pid_file).strip() if pid_file else ""
    if pid.isdigit() and host.exists(f"/proc/{pid}"):
        host.run(["sh", "-c", 'kill -HUP "$1"', "sh", pid], check=False)


def decoded(path: str, content: bytes | None) -> str:
    """The text of the file; an empty file counts as an empty object, as for dockerd. Raises UserError."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError as error:
        where = f"{error.reason} at byte {error.start}"
        raise UserError(f"{path} is not UTF-8: {where}", "Fix the file, then run it again.") from None
    return text if text.strip() else "{}\n"


def parse(path: str, content: bytes | None) -> dict[str, Any]:
    """The values of the file; empty if there is no file. Raises UserError with line and column of what is wrong."""
    try:
        values = json.loads(decoded(path, content))
    except JSONDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}",
            "Fix the file (or move it away, if you need nothing in it), then run it again.",
        ) from None
    if not isinstance(values, dict):
        raise UserError(f"{path}:1:1: must be a JSON object", "It must be enclosed in { and }; {} is an empty object.")
    return values


@dataclass(frozen=True)
class Member:
    """Where a top-level key and its value are in the text: both together are [start, end); `value` is its start."""

    key: str
    start: int
    value: int
    end: int


def members(text: str) -> list[Member]:
    """The members of a JSON object, given as its text."""
    decoder, found = json.JSONDecoder(), []
    at = skip(text, skip(text, 0) + 1)
    while text[at] != "}":
        key, end = decoder.raw_decode(text, at)
        value = skip(text, skip(text, end) + 1)
        _, stop = decoder.raw_decode(text, value)
        found.append(Member(key, at, value, stop))
        at = skip(text, stop)
        at = skip(text, at + 1) if text[at] == "," else at
    return found


def skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def with_key(text: str, key: str, value: Any) -> str:
    """Set one key, in place or after the last one; everything else stays."""
    new, there = json.dumps(value), members(text)
    if mine := [m for m in there if m.key == key]:
        return text[: mine[-1].value] + new + text[mine[-1].end :]
    member = f"{json.dumps(key)}: {new}"
    if there:
        start, last = there[0].start, there[-1].end
        gap = text[text.index("{") + 1 : start]
        return f"{text[:last]},{gap}{member}{text[last:]}"
    opening = text.index("{")
    return f"{text[: opening + 1]}\n    {member}\n{text[skip(text, opening + 1) :]}"


def without_key(text: str, key: str) -> str:
    """Remove one key, with its comma and white space."""
    there = members(text)
    while mine := [i for i, m in enumerate(there) if m.key == key]:
        i = mine[0]
        if len(there) == 1:
            text = text[: text.index("{") + 1] + text[skip(text, there[0].end) :]
        elif i == 0:
            text = text[: there[0].start] + text[there[1].start :]
        else:
            text = text[: there[i - 1].end] + text[there[i].end :]
        there = members(text)
    return text
