"""A link of the distribution's that is out of the way as long as we are here."""

import posixpath
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class Unlinked:
    """The thing is the absence of the link `name`; removing it puts the link to `target` back.

    Where the link was gone before us, nothing is done, nothing noted, and nothing put back. `program`: a path
    that is there once the distribution has made the link; before that the absence means nothing.
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
