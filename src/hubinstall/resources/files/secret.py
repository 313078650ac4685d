"""Random values that services share. One reader owns each copy (0400); the value is never shown or compared."""

import secrets
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class Secret:
    """64 hexadecimal digits (256 bits). `readers`: path → owner; `name` is the first of the paths."""

    kind: ClassVar[str] = "secret"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    readers: dict[str, str] = field(default_factory=dict, hash=False, metadata=KEPT)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {path: f"0400 {owner}" for path, owner in self.readers.items()} | {"copies": "equal"}

    def actual(self, host: Host) -> State | None:
        stats = {path: host.stat(path) for path in self.readers}
        if not any(stats.values()):
            return None
        values = {host.read(path) for path in self.readers}
        whole = len(values) == 1 and len(next(iter(values)) or b"") == 64
        return {p: f"{s.mode} {s.owner}" if s else "absent" for p, s in stats.items()} | {
            "copies": "equal" if whole else "different"
        }

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        standing = [v for path in self.readers if len(v := host.read(path) or b"") == 64]
        value = standing[0] if standing else secrets.token_hex(32).encode()
        for path, owner in self.readers.items():
            host.write(path, value, mode="0400", owner=owner, group="root")

    def remove(self, host: Host) -> None:
        for path in self.readers:
            host.remove(path)
