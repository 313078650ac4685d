"""A secret that somebody else has given to the administrator, copied for the one service that needs it."""

from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State

SAME = "that of its source"


@dataclass(frozen=True)
class SecretCopy:
    """A copy of `source` that only `owner` reads. Neither its content nor a digest of it is shown or kept elsewhere."""

    kind: ClassVar[str] = "secret-copy"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    source: str = ""
    owner: str = "root"
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"content": SAME, "owner": f"0400 {self.owner}"}

    def actual(self, host: Host) -> State | None:
        stat = host.stat(self.name)
        if stat is None:
            return None
        same = host.read(self.name) == host.read(self.source)
        return {"content": SAME if same else "another", "owner": f"{stat.mode} {stat.owner}"}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        content = host.read(self.source)
        if content is None:
            raise UserError(f"{self.source} is not there", "Put the secret there again, then run it again.")
        host.write(self.name, content, mode="0400", owner=self.owner, group="root")

    def remove(self, host: Host) -> None:
        host.remove(self.name)
