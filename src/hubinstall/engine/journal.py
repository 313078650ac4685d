"""Backups of what a run changes, and the rollback to them.

The Host tells the journal about every path before the path changes (machine/host.py), and the journal keeps a copy in
its own directory. A killed run leaves this directory open and the next run continues with it, so a rollback always
leads to the last working state. Content-named directories, packages and images need no backup: what changes is the
link or name that points to them, and that is a file. What people write (installation/inputs.py) is kept elsewhere.
"""

import errno
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from hubinstall import layout
from hubinstall.machine.host import CANDIDATE, TEMPORARY, Host, Stat
from hubinstall.machine.records import record

KEPT = 5
"""The number of generations that stay on the disk."""
NOT_HERE = (
    layout.GENERATIONS, layout.LEDGER, layout.ACCEPTED, layout.CONFIG_DIR, layout.TREES, layout.IMAGES, layout.ACME,
    layout.ACME_WEBROOT, f"{layout.CACHE}/",
)  # fmt: skip
WRITTEN_IN = (
    layout.STATE, layout.TREES, layout.ACCEPTED, layout.CONFIG_DIR, layout.EDITS, layout.HUB_DROPINS,
    layout.NGINX_DROPINS,
)  # fmt: skip
"""Directories in which files may be written without a backup."""
CLOSED = "closed"
NEEDED = {
    "link": ("target",),
    "dir": ("mode", "owner", "group"),
    "file": ("mode", "owner", "group", "copy"),
    "member": ("owner", "group"),
}
"""The fields that an entry of each kind needs for its restoration."""


@dataclass(frozen=True)
class Entry:
    """What was at a path, with the fields of Stat; `copy`: the path of the backup of a file's content. Or a "member":
    the account `owner` was one of `group`.
    """

    kind: Literal["absent", "file", "dir", "link", "other", "member"]
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
    """What has changed since the last generation was closed, oldest first."""

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
        """Back up what is at `path`, the first time only. This program's own state is not backed up."""
        if path.startswith(NOT_HERE):
            return
        with self._lock:
            if path not in self._entries:
                self._keep(path, self._take)

    def remember_member(self, account: str, group: str) -> None:
        """Note that an account is a member of a group, before it is taken out of it: an earlier version's services may
        need what the group may do.
        """
        with self._lock:
            self._keep(f"/etc/group#{group}:{account}", lambda _: Entry("member", owner=account, group=group))

    def _keep(self, path: str, take: Callable[[str], Entry]) -> None:
        if not self._entries:
            self._open()
        self._entries[path] = take(path)
        index = {of: asdict(entry) for of, entry in self._entries.items()}
        self._host.write(f"{self.folder}/index.json", json.dumps(index, indent=1).encode(), mode="0600")

    def put_back(self) -> list[str]:
        """Undo all changes, newest first. Returns what could not be restored (on a full disk) and why; that does not
        stop the rest.

        Directories that are not empty, and things that could not be read, stay.
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
        """Remove what a killed run left half-written: temporary files, and backups that are not in the index."""
        for folder in (self.folder, *WRITTEN_IN):
            for name in self._host.names(folder):
                if name.endswith(TEMPORARY):
                    self._host.remove(f"{folder}/{name}")
        for path in list(self._entries):
            self._host.remove(path + TEMPORARY)
            if path.endswith(CANDIDATE):
                self._host.remove(path)

    def close(self) -> None:
        """The present state works: changes from here on belong to a new generation."""
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
        elif entry.kind == "member":
            added = self._host.run(["gpasswd", "--add", entry.owner, entry.group], check=False)
            if added.returncode:
                raise OSError(errno.EIO, added.stderr.strip())
        elif entry.kind == "link":
            self._host.link(path, entry.target)
        elif entry.kind == "dir":
            self._host.mkdir(path, entry.mode, entry.owner, entry.group)
        elif entry.kind == "file":
            content, now = self._host.read(entry.copy) or b"", self._host.stat(path)
            # A file that is unchanged (its change failed) is not written again: the disk may be full.
            as_it_was = now == Stat("file", entry.mode, entry.owner, entry.group) and self._host.read(path) == content
            if not as_it_was:
                self._host.write(path, content, entry.mode, entry.owner, entry.group)


def _index(host: Host, folder: str) -> dict[str, Entry]:
    hint = (
        f"It says how to undo a run that was interrupted. Move {folder} away: then that run is not undone, and the"
        " next one starts from the machine's present state."
    )
    return record(host, f"{folder}/index.json", dict[str, Entry], hint) or {}


def _folder(number: int) -> str:
    return f"{layout.GENERATIONS}/{number:06d}"
