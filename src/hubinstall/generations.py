"""What stood there before a run changed it, and the way back.

The journal is told of every path before it changes (host.py) and keeps what stood there in a folder of its own, one
per run that changed something. Content-named folders, packages and images need none of this: the link or the name
that is switched to them is what counts, and that is a file.
"""

import json
import threading
from typing import Any

from hubinstall import layout
from hubinstall.host import Host

KEPT = 5
"""How many generations stay on the disk."""


class Journal:
    """What one run changed, oldest first."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.RLock()
        self._entries: dict[str, dict[str, Any]] = {}
        numbers = [int(name) for name in host.names(layout.GENERATIONS) if name.isdigit()]
        self.folder = f"{layout.GENERATIONS}/{max(numbers, default=0) + 1:06d}"
        self._old = [f"{layout.GENERATIONS}/{n:06d}" for n in sorted(numbers)[: -KEPT + 1]]

    def remember(self, path: str) -> None:
        """Keep what stands at `path`, the first time only. State of this program itself is not the machine's."""
        if path.startswith((layout.GENERATIONS, layout.LEDGER)):
            return
        with self._lock:
            if path in self._entries:
                return
            if not self._entries:
                self._open()
            self._entries[path] = self._take(path)
            index = json.dumps(self._entries, indent=1).encode()
            self._host.write(f"{self.folder}/index.json", index, mode="0600")

    def put_back(self) -> list[str]:
        """Undo, newest first; returns the paths. Folders that are not empty and unreadable things stay."""
        with self._lock:
            for path, entry in reversed(self._entries.items()):
                self._restore(path, entry)
            return list(self._entries)

    def _open(self) -> None:
        for folder in (layout.STATE, layout.GENERATIONS, self.folder):
            if not self._host.exists(folder):
                self._host.path(folder).mkdir(mode=0o711 if folder == layout.STATE else 0o700)
        for folder in self._old:
            self._host.remove_tree(folder)

    def _take(self, path: str) -> dict[str, Any]:
        stat = self._host.stat(path)
        if stat is None:
            return {"kind": "absent"}
        entry: dict[str, Any] = {"kind": stat.kind, "mode": stat.mode, "owner": stat.owner, "group": stat.group}
        if stat.kind == "link":
            entry["target"] = stat.target
        if stat.kind == "file":
            entry["copy"] = f"{self.folder}/{len(self._entries)}"
            self._host.write(entry["copy"], self._host.read(path) or b"", mode="0600")
        return entry

    def _restore(self, path: str, entry: dict[str, Any]) -> None:
        if entry["kind"] == "absent":
            self._host.remove(path)
        elif entry["kind"] == "link":
            self._host.link(path, entry["target"])
        elif entry["kind"] == "dir":
            self._host.mkdir(path, entry["mode"], entry["owner"], entry["group"])
        elif entry["kind"] == "file":
            content = self._host.read(entry["copy"]) or b""
            self._host.write(path, content, entry["mode"], entry["owner"], entry["group"])
