"""Shared directories: one resource for the directory, its link in /etc/skel and the links in every existing home.

A process that has only the owner's rights creates the link in a home: root never follows a path that a user can
change. If users have something else of that name, it stays, and a notice says so.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.accounts import Person, has_group, people
from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class Share:
    """`group`: the directory belongs to this host group, whose members may write; None: only its owner writes."""

    kind: ClassVar[str] = "share"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = False
    name: str
    group: str | None = None
    uid_min: int = field(default=1000, metadata=KEPT)
    uid_max: int = field(default=60000, metadata=KEPT)
    needs: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return f"{layout.SHARED_DATA}/{self.name}"

    @property
    def skel(self) -> str:
        return f"{layout.SKEL}/{self.name}"

    def desired(self) -> State:
        access = f"2775 {self.group}" if self.group else "read-only"
        return {"folder": access, "skel": self.folder, "homes without link": []}

    def actual(self, host: Host) -> State | None:
        folder, skel = host.stat(self.folder), host.stat(self.skel)
        missing = [name for name, there in self._homes(host) if self.name not in there]
        if skel is None:
            return None
        access = "absent"
        if folder is not None:
            access = f"{folder.mode} {folder.group}" if self.group else "read-only"
            access = access if folder.kind == "dir" else folder.kind
        return {"folder": access, "skel": skel.target if skel else "absent", "homes without link": missing}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        folder, skel = host.stat(self.folder), host.stat(self.skel)
        if folder and folder.kind != "dir":
            raise UserError(
                f"{self.folder} is not a directory, but a directory is expected there",
                f"Move it away, or give the share {self.name} another name.",
            )
        if skel and skel.kind != "link":
            raise UserError(
                f"{self.skel} is not a link, but a link is expected there",
                f"Move it away, or give the share {self.name} another name.",
            )
        if self.group:
            if not has_group(host, self.group):
                host.run(["groupadd", self.group])
            host.mkdir(self.folder, mode="2775", owner=folder.owner if folder else "root", group=self.group)
        elif folder is None:
            host.mkdir(self.folder)
        host.link(self.skel, self.folder)
        for person in self._people(host):
            path = f"{person.home}/{self.name}"
            if not host.exists(path):
                host.run([*rights_of(person), "ln", "-sT", self.folder, path])
            elif (there := host.stat(path)) and there.target != self.folder:
                host.notice(
                    f"{path} was not replaced by a link to the share {self.folder}: it belongs to {person.name}"
                )

    def remove(self, host: Host) -> None:
        """Remove the links that still point to the share; the directory holds people's data and stays."""
        if (skel := host.stat(self.skel)) and skel.target == self.folder:
            host.remove(self.skel)
        for person in self._people(host):
            path = f"{person.home}/{self.name}"
            if (link := host.stat(path)) and link.target == self.folder:
                host.run([*rights_of(person), "rm", "-f", path])

    def _people(self, host: Host) -> list[Person]:
        return host.once("people", lambda: people(host, self.uid_min, self.uid_max))

    def _homes(self, host: Host) -> list[tuple[str, frozenset[str]]]:
        """Person → the names in the home: each home is listed once, however many shares there are."""
        return host.once("homes", lambda: [(p.name, names_in(host, p.home)) for p in self._people(host)])


def names_in(host: Host, home: str) -> frozenset[str]:
    """Empty if not even root may read the home, as on a network file system."""
    try:
        return frozenset(host.names(home))
    except PermissionError:
        return frozenset()


def rights_of(person: Person) -> list[str]:
    """The start of a command that runs with only the rights of `person`."""
    return ["setpriv", f"--reuid={person.uid}", f"--regid={person.gid}", "--clear-groups", "--no-new-privs", "--"]
