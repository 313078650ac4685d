"""What a resource is: the desired and the actual state of one thing on the machine, in the same flat form.

A resource is a frozen dataclass with four short methods. Its first field, `name`, identifies the thing on the machine.
The ledger keeps the name and the fields that are declared with `metadata=KEPT`: those that `remove` reads. All other
fields need defaults, because a removal rebuilds the resource from what the ledger kept.
`repr=False` marks fields that are too long, or too secret, to be printed.
"""

import dataclasses
import hashlib
from typing import Any, ClassVar, Protocol, runtime_checkable

from hubinstall.machine.host import Host

State = dict[str, Any]
KEPT = {"kept": True}
"""Metadata of a field that the ledger keeps: `tag: str = field(default="", metadata=KEPT)`."""


@runtime_checkable
class Resource(Protocol):
    """One thing on the machine that should be in the state `desired`."""

    kind: ClassVar[str]
    lock: ClassVar[str | None]
    """Resources with the same lock are never changed at the same time: "apt", "docker", "systemd"."""
    stays: ClassVar[bool]
    """Never removed: when it is no longer wanted, it stays on the machine and no plan names it."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of the resources that must be settled first."""

    def desired(self) -> State:
        """The desired state: flat, comparable, JSON; digests instead of long or secret content."""

    def actual(self, host: Host) -> State | None:
        """The actual state, in the form of `desired`; None if the thing is absent."""

    def apply(self, host: Host, change: "Change") -> None:
        """Make the actual state the desired one. Called only if they differ; a kill may interrupt it at any point, and
        then it is called again.
        """

    def remove(self, host: Host) -> None:
        """Remove it; does nothing if it is gone."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A difference: `before` is the actual state (None: absent), `after` the desired one (None: to be removed)."""

    resource: Resource
    before: State | None
    after: State | None
    last: State | None = None
    """The state in which this installation last left it; differs from `before` after an edit by hand."""

    @property
    def id(self) -> str:
        return resource_id(self.resource)

    @property
    def verb(self) -> str:
        """`create`, `change` or `remove`; a kind whose step may end without the thing has a word of its own."""
        if self.after is None:
            return "remove"
        return getattr(self.resource, "verb", "create" if self.before is None else "change")

    @property
    def keys(self) -> list[str]:
        """The keys that differ; all keys if it is created or removed."""
        before, after = self.before or {}, self.after or {}
        return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def id_of(kind: type[Resource], name: str) -> str:
    """Such as `file:/etc/nginx/conf.d/hubinstall.conf`: the id of a resource in messages, the ledger and `needs`."""
    return f"{kind.kind}:{name}"


def resource_id(resource: Resource) -> str:
    """The id of this resource."""
    return id_of(type(resource), resource.name)


def ids(*needed: Resource | str) -> tuple[str, ...]:
    """For `needs=ids(folder, id_of(Packages, "base"))`: resources, or ids of resources that another part makes."""
    return tuple(need if isinstance(need, str) else resource_id(need) for need in needed)


def unsettled_by(resource: Resource) -> tuple[str, ...]:
    """The ids of resources that may differ again once `resource` has changed. Few kinds have a field `unsettles`.

    They are among its needs, so they were settled before it; the engine settles them again after it.
    """
    found: tuple[str, ...] = getattr(resource, "unsettles", ())
    return found


def look(resource: Resource, host: Host, last: State | None = None) -> Change | None:
    """Compare the actual with the desired state; None if there is no difference."""
    before, after = resource.actual(host), resource.desired()
    return None if before == after else Change(resource, before, after, last)


def digest(*parts: str | bytes) -> str:
    """One SHA-256 over several parts, including where each part ends."""
    h = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        h.update(len(data).to_bytes(8, "big"))
        h.update(data)
    return h.hexdigest()
