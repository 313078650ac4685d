"""A link of the distribution that is removed as long as we are installed."""

import posixpath
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class Unlinked:
    """The resource is the absence of the link `name`; removing the resource restores the link to `target`.

    If the link was absent before us, nothing is done, recorded or restored. `program`: a path that exists once the
    distribution has made the link; before that, the absence of the link means nothing.
    """

    kind: ClassVar[str] = "unlinked"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    target: str = field(default="", metadata=KEPT)
    program: str = field(default="", metadata=KEPT)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"unlinked": True}

    def actual(self, host: Host) -> State | None:
        return None if host.exists(self.name) or not host.exists(self.program) else {"unlinked": True}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        stat = host.stat(self.name)
        leads_to = posixpath.join(posixpath.dirname(self.name), stat.target) if stat else ""
        if posixpath.normpath(leads_to) == self.target:
            host.remove(self.name)

    def remove(self, host: Host) -> None:
        if not host.exists(self.name) and host.exists(self.target):
            host.link(self.name, self.target)
