"""What a resource is: a wish and a look at the machine in the same flat form.

A resource is a frozen dataclass with four short methods. Its first field, `name`, says which thing of the machine it
is. The ledger keeps the name, and the fields that are declared with `metadata=KEPT`: those that `remove` reads. All
other fields need defaults, because a removal makes the resource again from what the ledger kept.
`repr=False` is for fields that are too long, or too secret, to be printed.
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
    """One thing of the machine that should be as `desired` says."""

    kind: ClassVar[str]
    lock: ClassVar[str | None]
    """Resources of one lock never run together: "apt", "docker", "systemd"."""
    stays: ClassVar[bool]
    """Never removed: when nobody wants it any more, it is left on the machine, and no plan names it."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of what must be settled first."""

    def desired(self) -> State:
        """What should be: flat, comparable, JSON; digests instead of long or secret content."""

    def actual(self, host: Host) -> State | None:
        """What is, in the form of `desired`; None when absent."""

    def apply(self, host: Host, change: "Change") -> None:
        """Make it so. Called only when there is a difference; may be called again after a kill at any point."""

    def remove(self, host: Host) -> None:
        """Take it away; also when it is already gone."""


@dataclasses.dataclass(frozen=True)
class Change:
    """The difference between a wish and a look. `after` None: it shall go. `before` None: it is not there."""

    resource: Resource
    before: State | None
    after: State | None
    last: State | None = None
    """What this installation left there when it last changed it; differs from `before` after an edit by hand."""

    @property
    def id(self) -> str:
        return resource_id(self.resource)

    @property
    def verb(self) -> str:
        if self.after is None:
            return "remove"
        return "create" if self.before is None else "change"

    @property
    def keys(self) -> list[str]:
        """The keys that differ; all of them for what is created or removed."""
        before, after = self.before or {}, self.after or {}
        return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def id_of(kind: type[Resource], name: str) -> str:
    """`file:/etc/nginx/conf.d/hubinstall.conf`: how people, the ledger and `needs` call a resource."""
    return f"{kind.kind}:{name}"


def resource_id(resource: Resource) -> str:
    """The id of one that is at hand."""
    return id_of(type(resource), resource.name)


def ids(*needed: Resource | str) -> tuple[str, ...]:
    """For `needs=ids(folder, id_of(Packages, "base"))`: resources, and ids of those that another part makes."""
    return tuple(need if isinstance(need, str) else resource_id(need) for need in needed)


def unsettled_by(resource: Resource) -> tuple[str, ...]:
    """The ids of what may differ again once `resource` was changed: few kinds say so, in a field `unsettles`.

    They are among its needs, so they were settled before it; the engine settles them again after it.
    """
    found: tuple[str, ...] = getattr(resource, "unsettles", ())
    return found


def look(resource: Resource, host: Host, last: State | None = None) -> Change | None:
    """Subtract what is from what should be; None when nothing is to do."""
    before, after = resource.actual(host), resource.desired()
    return None if before == after else Change(resource, before, after, last)


def digest(*parts: str | bytes) -> str:
    """One SHA-256 over several parts; the boundaries count."""
    h = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        h.update(len(data).to_bytes(8, "big"))
        h.update(data)
    return h.hexdigest()
