"""What this installation owns on the machine: `uninstall`, and the removal of what is no longer wanted, rely on it.

A resource is recorded before it is touched, so the next run knows everything that a killed run left behind. What was
there before this installation is recorded as adopted, and never removed.
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

VERSION = 2
"""Version of the file. Raise it with a new kind or a new kept field: an older hubinstall cannot read that file then,
and must not change the machine.
"""
LAST = ".last"
"""Suffix of the copy from the last complete apply, for anyone who has to repair the ledger."""


def fields_kept(resource: Resource) -> dict[str, Any]:
    """The fields from which the resource is rebuilt for its removal; see resources/base.py."""
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
        """Whether an apply was ever completed here."""
        content = host.read(path)
        if content is not None:
            self._load(content)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def last(self, resource: Resource) -> State | None:
        """The state in which we left it when we last changed it."""
        state: State | None = self._entries.get(resource_id(resource), {}).get("state")
        return state

    def note(self, change: Change) -> None:
        """Called before the change: from now on the resource is ours, unless we found it and did not create it."""
        entry = self._entries.get(change.id, {"adopted": change.before is not None, "since": "new"})
        self._put(change.resource, {"since": "changed"} | entry)

    def settle(self, change: Change) -> None:
        """Called after the change, when the actual state is the desired state."""
        self._put(change.resource, self._entries[change.id] | {"state": change.after})

    def agree(self, resource: Resource) -> None:
        """Called if there was no difference: a run that was killed, or rolled back, may have left it so unrecorded."""
        entry = self._entries.get(resource_id(resource))
        if entry is not None:
            self._put(resource, entry | {"state": resource.desired()})

    def unsettle(self) -> None:
        """Called before a rollback: the recorded states of everything that was touched are no longer true."""
        with self._lock:
            for entry in self._entries.values():
                if "since" in entry:
                    entry.pop("state", None)
            self._save()

    def forget(self, resource: Resource) -> None:
        """Called after it was removed, or if it stays on the machine."""
        with self._lock:
            self._entries.pop(resource_id(resource), None)
            self._save()

    def touched(self) -> dict[str, str]:
        """Id → kind of everything that changed since the last complete apply, in this run or in killed ones."""
        return {id_: entry["kind"] for id_, entry in self._entries.items() if "since" in entry}

    def finish(self) -> None:
        """Called when an apply is complete: everything that changed is known to work."""
        with self._lock:
            if not self.installed or self.touched():
                self.installed = True
                for entry in self._entries.values():
                    entry.pop("since", None)
                self._save(LAST)  # first: once the ledger itself is written, the next run has nothing left to finish
                self._save()

    def finish_only(self, ids: Iterable[str]) -> None:
        """Mark only these as working; what a killed apply left of others stays marked as changed."""
        with self._lock:
            for id_ in ids:
                self._entries[id_].pop("since", None)
            self._save()

    def unwanted(self, wanted: list[Resource], *, new: bool = False) -> list[Resource]:
        """What we created and `wanted` no longer lists, newest first. What was adopted is not ours to remove.

        `new`: only what was created since the last complete apply.
        """
        keep = {resource_id(r) for r in wanted}
        return [
            KINDS[entry["kind"]](**entry["fields"])
            for id_, entry in reversed(self._entries.items())
            if id_ not in keep and not entry["adopted"] and (not new or entry.get("since") == "new")
        ]

    def _put(self, resource: Resource, entry: dict[str, Any]) -> None:
        with self._lock:
            new = {"kind": resource.kind} | entry | {"fields": fields_kept(resource)}
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
                f"It lists what this installation created. Run `cp {self._path}{LAST} {self._path}` to restore it from "
                "the last run that succeeded, then run it again."
                if self._host.exists(self._path + LAST)
                else "It lists what this installation created. Restore it from a backup, or move it away: "
                "then nothing is lost, but everything that is on the machine counts as yours and is never removed.",
            ) from error

    def _save(self, beside: str = "") -> None:
        if not self._host.exists(layout.STATE):
            self._host.mkdir(layout.STATE, mode="0711")
        data = {"version": VERSION, "installed": self.installed, "resources": self._entries}
        self._host.write(self._path + beside, (json.dumps(data, indent=1) + "\n").encode(), mode="0600")
