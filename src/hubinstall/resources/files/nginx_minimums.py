"""Numbers in the distribution's nginx.conf that must be large enough: everything else in it stays byte for byte.

`worker_connections` cannot be set anywhere else: there is one block `events`, and nginx rejects a second one
(nginx.org, "Core functionality").
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import CANDIDATE, Host
from hubinstall.machine.records import record
from hubinstall.resources.base import KEPT, Change, State
from hubinstall.resources.files.json_keys import reload

EVENTS = re.compile(r"^[ \t]*events\s*\{", re.MULTILINE)
OF_EVENTS = frozenset({"worker_connections"})
"""The directives that belong into the block `events`; the others stand at the top level."""


@dataclass(frozen=True)
class Note:
    """The numbers that were there before us; None: the directive was not."""

    numbers: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class NginxMinimums:
    """Directives of the file `name`, each with the number that it has at least. The administrator's larger one stays.

    `before`: the path of a note with the former numbers, for the removal. `check`: a command that must accept the new
    content ("{}" stands for the candidate's path). `pid_file`: that of nginx, which reads the file again. A file
    without an `events` block of its own, or a link, is arranged in the administrator's own way and is left alone.
    """

    kind: ClassVar[str] = "nginx-minimums"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    least: dict[str, int] = field(default_factory=dict, hash=False, metadata=KEPT)
    before: str = field(default="", metadata=KEPT)
    pid_file: str = field(default="", metadata=KEPT)
    check: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return dict(self.least)

    def actual(self, host: Host) -> State | None:
        """Also None while the numbers are those from before us: the ledger must not record them as adopted, because
        `remove` can restore them from the note.
        """
        stat = host.stat(self.name)
        text = host.text(self.name)
        if stat is None:
            return None
        if stat.kind != "file" or not EVENTS.search(text):
            return self.desired()
        found = {name: min(value_of(text, name) or 0, least) for name, least in self.least.items()}
        return found if found == self.least or host.exists(self.before) else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        text = host.text(self.name)
        if not text:
            raise UserError(
                f"there is no {self.name}",
                "Restore it (`apt-get install --reinstall nginx-common`), then run it again.",
            )
        if not host.exists(self.before):
            note = Note({name: value_of(text, name) for name in self.least})
            host.write(self.before, (json.dumps(asdict(note)) + "\n").encode(), mode="0600")
        self._write(host, raised(text, self.least))

    def remove(self, host: Host) -> None:
        hint = f"It says what was in {self.name} before. Move it away: then the file stays as it is."
        note = record(host, self.before, Note, hint)
        text = host.text(self.name)
        if note and text:
            for name, was in note.numbers.items():
                if value_of(text, name) == self.least.get(name):  # else someone else has changed it since
                    text = without(text, name) if was is None else with_value(text, name, was)
            if text != host.text(self.name):
                self._write(host, text)
        host.remove(self.before)

    def _write(self, host: Host, text: str) -> None:
        stat = host.stat(self.name)
        who = {"mode": stat.mode, "owner": stat.owner, "group": stat.group} if stat else {}
        if self.check:
            candidate = f"{self.name}{CANDIDATE}"
            host.write(candidate, text.encode(), mode="0600")
            try:
                host.query([candidate if word == "{}" else word for word in self.check])
            finally:
                host.remove(candidate)
        host.write(self.name, text.encode(), **who)
        reload(host, self.pid_file)


def directive(name: str) -> re.Pattern[str]:
    """The directive outside comments: what stands before it in its line, its number, and its end."""
    return re.compile(rf"^([^#\n]*?(?<![\w$]){name}\s+)(\d+)(\s*;)", re.MULTILINE)


def value_of(text: str, name: str) -> int | None:
    found = directive(name).search(text)
    return int(found[2]) if found else None


def with_value(text: str, name: str, value: int) -> str:
    return directive(name).sub(rf"\g<1>{value}\g<3>", text, count=1)


def line_of(name: str, value: int) -> str:
    return f"\n\t{name} {value};" if name in OF_EVENTS else f"{name} {value};\n"


def raised(text: str, least: Mapping[str, int]) -> str:
    """The text with each number at least as large."""
    for name, number in least.items():
        value = value_of(text, name)
        if value is None:
            block = EVENTS.search(text)
            if block is None:
                continue
            at = block.end() if name in OF_EVENTS else block.start()
            text = text[:at] + line_of(name, number) + text[at:]
        elif value < number:
            text = with_value(text, name, number)
    return text


def without(text: str, name: str) -> str:
    """The text without the line that `raised` has added."""
    value = value_of(text, name)
    return text if value is None else text.replace(line_of(name, value), "", 1)
