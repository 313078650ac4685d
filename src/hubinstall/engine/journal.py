"""What stood there before a run changed it, and the way back.

The journal is told of every path before it changes (machine/host.py) and keeps what stood there in a folder of its own.
A run that was killed leaves its folder open, and the next run goes on with it: the way back leads to the last state
that worked. Content-named folders, packages and images need none of this: the link or the name that is switched to
them is what counts, and that is a file. What people write (installation/inputs.py) is kept apart.
"""

import json
import threading
from dataclasses import asdict, dataclass
from typing import Literal

from hubinstall import layout
from hubinstall.machine.host import CANDIDATE, TEMPORARY, Host, Stat
from hubinstall.machine.records import record

KEPT = 5
"""How many generations stay on the disk."""
NOT_HERE = (
    layout.GENERATIONS, layout.LEDGER, layout.ACCEPTED, layout.CONFIG_DIR, layout.TREES, layout.IMAGES, layout.ACME,
    layout.ACME_WEBROOT,
)  # fmt: skip
WRITTEN_IN = (
    layout.STATE, layout.TREES, layout.ACCEPTED, layout.CONFIG_DIR, layout.EDITS, layout.HUB_DROPINS,
    layout.NGINX_DROPINS,
)  # fmt: skip
"""The folders of which a file may be written without being remembered."""
CLOSED = "closed"
NEEDED = {
    "link": ("target",),
    "dir": ("mode", "owner", "group"),
    "file": ("mode", "owner", "group", "copy"),
}
"""What an entry of a kind must say, so that it can be put back."""


@dataclass(frozen=True)
class Entry:
    """What stood at a path, as Stat has it; `copy`: where a file's content is kept."""

    kind: Literal["absent", "file", "dir", "link", "other"]
    mode: str = ""
    owner: str = ""
    group: str = ""
    target: str = ""
    copy: str = ""

    def __post_init__(self) -> None:
        missing = [key for key in NEEDED.get(self.kind, ()) if not getattr(self, key)]
        if missing:
            raise ValueError(f"a {self.kind} without {', '.join(missing)}")


class Journal:
    """What was changed since the last generation was closed, oldest first."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        numbers = sorted(int(name) for name in host.names(layout.GENERATIONS) if name.isdigit())
        if numbers and not host.exists(f"{_folder(numbers[-1])}/{CLOSED}"):
            self._number = numbers.pop()
            self._entries = _index(host, self.folder)
        else:
            self._number = max(numbers, default=0) + 1
        self._old = [_folder(number) for number in numbers[: -KEPT + 1]]

    @property
    def folder(self) -> str:
        return _folder(self._number)

    def remember(self, path: str) -> None:
        """Keep what stands at `path`, the first time only. State of this program itself is not the machine's."""
        if path.startswith(NOT_HERE):
            return
        with self._lock:
            if path in self._entries:
                return
            if not self._entries:
                self._open()
            self._entries[path] = self._take(path)
            index = {of: asdict(entry) for of, entry in self._entries.items()}
            self._host.write(f"{self.folder}/index.json", json.dumps(index, indent=1).encode(), mode="0600")

    def put_back(self) -> list[str]:
        """Undo, newest first. What cannot be undone (on a full disk) does not keep the rest: says what, and why.

        Folders that are not empty and unreadable things stay.
        """
        left = []
        with self._lock:
            for path, entry in reversed(self._entries.items()):
                try:
                    self._restore(path, entry)
                except OSError as error:
                    left.append(f"{path}: {error.strerror}")
        return left

    def sweep(self) -> None:
        """Take away what a killed run left half-written: beside its place, and of what is not in the index."""
        for folder in (self.folder, *WRITTEN_IN):
            for name in self._host.names(folder):
                if name.endswith(TEMPORARY):
                    self._host.remove(f"{folder}/{name}")
        for path in list(self._entries):
            self._host.remove(path + TEMPORARY)
            if path.endswith(CANDIDATE):
                self._host.remove(path)

    def close(self) -> None:
        """What stands now works: changes from here on are a generation of their own."""
        with self._lock:
            if self._entries:
                self._host.write(f"{self.folder}/{CLOSED}", b"", mode="0600")
                self._entries = {}
                self._number += 1

    def _open(self) -> None:
        for folder in (layout.STATE, layout.GENERATIONS, self.folder):
            if not self._host.exists(folder):
                self._host.path(folder).mkdir(mode=0o711 if folder == layout.STATE else 0o700)
        for folder in self._old:
            self._host.remove_tree(folder)

    def _take(self, path: str) -> Entry:
        stat = self._host.stat(path)
        if stat is None:
            return Entry("absent")
        copy = f"{self.folder}/{len(self._entries)}" if stat.kind == "file" else ""
        if copy:
            self._host.write(copy, self._host.read(path) or b"", mode="0600")
        return Entry(**asdict(stat), copy=copy)

    def _restore(self, path: str, entry: Entry) -> None:
        if entry.kind == "absent":
            self._host.remove(path)
        elif entry.kind == "link":
            self._host.link(path, entry.target)
        elif entry.kind == "dir":
            self._host.mkdir(path, entry.mode, entry.owner, entry.group)
        elif entry.kind == "file":
            content, now = self._host.read(entry.copy) or b"", self._host.stat(path)
            # What is as it was (the change to it failed) needs no room on a full disk.
            as_it_was = now == Stat("file", entry.mode, entry.owner, entry.group) and self._host.read(path) == content
            if not as_it_was:
                self._host.write(path, content, entry.mode, entry.owner, entry.group)


def _index(host: Host, folder: str) -> dict[str, Entry]:
    hint = (
        f"It says how to undo a run that was broken off. Move {folder} away: then nothing of that run is undone,"
        " and the next one goes on from what stands there."
    )
    return record(host, f"{folder}/index.json", dict[str, Entry], hint) or {}


def _folder(number: int) -> str:
    return f"{layout.GENERATIONS}/{number:06d}"
