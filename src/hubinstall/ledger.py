"""What this installation owns on the machine: the base of `uninstall`, and of taking off what is no longer wished.

A thing is noted before it is touched, so that whatever a kill leaves behind is known to the next run. What stood
there before this installation came is noted as adopted, and never removed.
"""

import dataclasses
import json
import threading
from typing import Any

from hubinstall.errors import UserError
from hubinstall.host import Host
from hubinstall.resources import KINDS
from hubinstall.resources.base import Change, Resource, State, resource_id


def fields_kept(resource: Resource) -> dict[str, Any]:
    """The fields that make the resource again for its removal; see resources/base.py."""
    assert dataclasses.is_dataclass(resource)
    return {f.name: getattr(resource, f.name) for f in dataclasses.fields(resource) if f.repr and f.name != "needs"}


class Ledger:
    """The list on disk, oldest entry first. Safe to use from several threads."""

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[str, dict[str, Any]] = {}
        self.installed = False
        """Whether an apply ever came to its end here."""
        self.verified = False
        """Whether the last change was followed by a verification that went well."""
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
        entry = self._entries.get(change.id, {"adopted": change.before is not None})
        self._put(change.resource, entry)

    def settle(self, change: Change) -> None:
        """After the change held."""
        self._put(change.resource, self._entries[change.id] | {"state": change.after})

    def unsettle(self) -> None:
        """After a rollback: what we left there is no longer what stands there."""
        with self._lock:
            for entry in self._entries.values():
                entry.pop("state", None)
            self._save()

    def forget(self, change: Change) -> None:
        """After it was removed."""
        with self._lock:
            self._entries.pop(change.id, None)
            self._save()

    def set_verified(self, *, verified: bool) -> None:
        """A verification is due, or went well."""
        with self._lock:
            if self.verified != verified:
                self.verified = verified
                self._save()

    def finish(self) -> None:
        """An apply came to its end."""
        if not self.installed:
            with self._lock:
                self.installed = True
                self._save()

    def unwanted(self, wished: list[Resource]) -> list[Resource]:
        """What we made and nobody wishes any more, newest first. What was adopted is not ours to remove."""
        keep = {resource_id(r) for r in wished}
        return [
            KINDS[entry["kind"]](**entry["fields"])
            for id_, entry in reversed(self._entries.items())
            if id_ not in keep and not entry["adopted"]
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
            self.installed, self.verified = bool(data["installed"]), bool(data["verified"])
            for id_, entry in data["resources"].items():
                KINDS[entry["kind"]](**entry["fields"])
                self._entries[id_] = entry
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{self._path} cannot be read: {error!r}",
                "It lists what this installation made. Put back a copy of it, or move it away: "
                "then nothing is lost, but what stands on the machine counts as yours and is never removed.",
            ) from error

    def _save(self) -> None:
        data = {"version": 1, "installed": self.installed, "verified": self.verified, "resources": self._entries}
        self._host.write(self._path, (json.dumps(data, indent=1) + "\n").encode(), mode="0600")
