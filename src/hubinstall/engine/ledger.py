"""What this installation owns on the machine: the base of `uninstall`, and of taking off what is no longer wished.

A thing is noted before it is touched, so that whatever a kill leaves behind is known to the next run. What stood
there before this installation came is noted as adopted, and never removed.
"""

import dataclasses
import json
import threading
from collections.abc import Iterable
from typing import Any

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource, State, resource_id
from hubinstall.resources.kinds import KINDS

VERSION = 1
"""Version of the file. Raise it with a new kind or a new kept field: an older hubinstall cannot read that file then,
and must not change the machine.
"""
LAST = ".last"
"""Beside the list: as it was when an apply last came to its end, for whoever has to mend it."""


def fields_kept(resource: Resource) -> dict[str, Any]:
    """The fields that make the resource again for its removal; see resources/base.py."""
    assert dataclasses.is_dataclass(resource)
    kept = (f.name for f in dataclasses.fields(resource) if f.name == "name" or "kept" in f.metadata)
    return {name: getattr(resource, name) for name in kept}


class Ledger:
    """The list on disk, oldest entry first. Safe to use from several threads."""

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[str, dict[str, Any]] = {}
        self.installed = False
        """Whether an apply ever came to its end here."""
        content = host.read(path)
        if content is not None:
            self._load(content)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def last(self, resource: Resource) -> State | None:
        """What we left there when we last changed it."""
        state: State | None = self._entries.get(resource_id(resource), {}).get("state")
        return state

    def note(self, change: Change) -> None:
        """Before the change: from now on it is ours, unless something stood there that we did not make."""
        entry = self._entries.get(change.id, {"adopted": change.before is not None, "since": "new"})
        self._put(change.resource, {"since": "changed"} | entry)

    def settle(self, change: Change) -> None:
        """After the change held."""
        self._put(change.resource, self._entries[change.id] | {"state": change.after})

    def agree(self, resource: Resource) -> None:
        """It is as wished already: so a run left it that was killed before it could say so, or one that put it back."""
        entry = self._entries.get(resource_id(resource))
        if entry is not None and entry.get("state") != resource.desired():
            self._put(resource, entry | {"state": resource.desired()})

    def unsettle(self) -> None:
        """After a rollback: what we left there is no longer what stands there, where anything was touched."""
        with self._lock:
            for entry in self._entries.values():
                if "since" in entry:
                    entry.pop("state", None)
            self._save()

    def forget(self, resource: Resource) -> None:
        """After it was removed, or left where it stays."""
        with self._lock:
            self._entries.pop(resource_id(resource), None)
            self._save()

    def touched(self) -> dict[str, str]:
        """Id → kind of all that was changed since an apply last came to its end, by this run or by killed ones."""
        return {id_: entry["kind"] for id_, entry in self._entries.items() if "since" in entry}

    def finish(self) -> None:
        """An apply came to its end: all that was changed is known to work."""
        with self._lock:
            if not self.installed or self.touched():
                self.installed = True
                for entry in self._entries.values():
                    entry.pop("since", None)
                self._save(LAST)  # first: the next run has nothing to finish once the other one is written
                self._save()

    def finish_only(self, ids: Iterable[str]) -> None:
        """These are known to work, whatever an apply that was killed has left of others."""
        with self._lock:
            for id_ in ids:
                self._entries[id_].pop("since", None)
            self._save()

    def unwanted(self, wished: list[Resource], *, new: bool = False) -> list[Resource]:
        """What we made and nobody wishes any more, newest first. What was adopted is not ours to remove.

        `new`: only what was made since an apply last came to its end.
        """
        keep = {resource_id(r) for r in wished}
        return [
            KINDS[entry["kind"]](**entry["fields"])
            for id_, entry in reversed(self._entries.items())
            if id_ not in keep and not entry["adopted"] and (not new or entry.get("since") == "new")
        ]

    def _put(self, resource: Resource, entry: dict[str, Any]) -> None:
        with self._lock:
            new = {"kind": resource.kind, "fields": fields_kept(resource)} | {
                k: v for k, v in entry.items() if k not in {"kind", "fields"}
            }
            if self._entries.get(resource_id(resource)) != new:
                self._entries[resource_id(resource)] = new
                self._save()

    def _load(self, content: bytes) -> None:
        try:
            data = json.loads(content)
            if data["version"] > VERSION:
                raise UserError(
                    f"{self._path} was written by a newer hubinstall: it has version {data['version']} of this file,"
                    f" and this hubinstall reads version {VERSION}. Nothing was changed",
                    "Install that version of hubinstall or a newer one, then run it again.",
                )
            self.installed = bool(data["installed"])
            for id_, entry in data["resources"].items():
                KINDS[entry["kind"]](**entry["fields"])
                self._entries[id_] = entry
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{self._path} cannot be read: {error!r}",
                f"It lists what this installation made. `cp {self._path}{LAST} {self._path}` puts back what it was "
                "when all worked last; then run again."
                if self._host.exists(self._path + LAST)
                else "It lists what this installation made. Put back a copy of it, or move it away: "
                "then nothing is lost, but what stands on the machine counts as yours and is never removed.",
            ) from error

    def _save(self, beside: str = "") -> None:
        if not self._host.exists(layout.STATE):
            self._host.mkdir(layout.STATE, mode="0711")
        data = {"version": VERSION, "installed": self.installed, "resources": self._entries}
        self._host.write(self._path + beside, (json.dumps(data, indent=1) + "\n").encode(), mode="0600")
