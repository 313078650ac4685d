"""Shared directories: one resource for the directory, its link in /etc/skel and the links in every existing home.

A process that has only the owner's rights creates the link in a home: root never follows a path that a user can
change. If users have something else of that name, it stays, and a notice says so. So does one where their own rights, a
quota, a full disk or a file server that is away refuse the link: no failure, and the next run tries again.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import StalledError, UserError
from hubinstall.machine.accounts import Person, ask_homes, has_group, people
from hubinstall.machine.host import Host, Stat
from hubinstall.resources.base import KEPT, Change, State

STALL = 20.0
"""Seconds without progress until a command in a home counts as hung."""


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
        missing = [person.name for person in self._without(host) if self._path(person) not in host.tried]
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
            self._link(host, person)

    def _link(self, host: Host, person: Person) -> None:
        path = self._path(person)
        host.tried.add(path)
        there = self._at(host, person)
        if isinstance(there, Stat):
            if there.target != self.folder:
                host.notice(
                    f"{path} was not replaced by a link to the share {self.folder}: it belongs to {person.name}"
                )
            return
        refused = closed(ask_homes(host, [person.home], host.stat)[person.home])
        if refused := refused or as_owner(host, person, "ln", "-sT", self.folder, path):
            self._tell(host, person, refused)

    def remove(self, host: Host) -> None:
        """Remove the links that still point to the share; the directory holds people's data and stays."""
        if (skel := host.stat(self.skel)) and skel.target == self.folder:
            host.remove(self.skel)
        for person in self._people(host):
            path = self._path(person)
            link = self._at(host, person)
            if link is None or (not isinstance(link, OSError) and link.target != self.folder):
                continue
            refused = words(link) if isinstance(link, OSError) else as_owner(host, person, "rm", "-f", path)
            if refused:
                host.notice(f"the link {path} of {person.name}, if there is one, stays ({refused})")

    def _path(self, person: Person) -> str:
        return f"{person.home}/{self.name}"

    def _at(self, host: Host, person: Person) -> Stat | OSError | None:
        """What is there now, of whatever kind."""
        return ask_homes(host, [person.home], lambda _: host.stat(self._path(person)))[person.home]

    def _people(self, host: Host) -> list[Person]:
        return host.once("people", lambda: people(host, self.uid_min, self.uid_max))

    def _without(self, host: Host) -> list[Person]:
        """Whose home has nothing of this name, but could. Each is listed once, however many shares there are."""
        people_ = self._people(host)
        homes = [person.home for person in people_]
        names = host.once("names in homes", lambda: ask_homes(host, homes, host.names))
        seen = host.once("stat of homes", lambda: ask_homes(host, homes, host.stat))
        found = []
        for person in people_:
            if not self._has(host, person, names[person.home]):
                if why := closed(seen[person.home]):
                    self._tell(host, person, why)
                else:
                    found.append(person)
        return found

    def _has(self, host: Host, person: Person, names: list[str] | OSError) -> bool:
        """Where not even root may read a home, as on a network file system, its owner is asked."""
        if isinstance(names, PermissionError):
            asked = [*rights_of(person), "test", "-L", self._path(person)]
            return host.query(asked, check=False, stall=STALL).returncode == 0
        return not isinstance(names, OSError) and self.name in names

    def _tell(self, host: Host, person: Person, why: str) -> None:
        host.notice(
            f"{person.name} does not get the link {self._path(person)} to the share {self.folder} now ({why}); each "
            "`hubinstall apply` tries again"
        )


def closed(home: Stat | OSError | None) -> str:
    """Why nobody, not even its owner, can make something in it; empty if that is not known before it is tried."""
    if isinstance(home, OSError):
        return words(home)
    return "" if home and int(home.mode, 8) & 0o300 == 0o300 else "its owner may not write there"


def words(error: OSError) -> str:
    return error.strerror or str(error)


def as_owner(host: Host, person: Person, *argv: str) -> str:
    """Run a command in a home; return why it failed, empty if it did not."""
    try:
        done = host.run([*rights_of(person), *argv], check=False, stall=STALL)
    except StalledError:
        return "it does not answer"
    said = done.stderr.strip().rpartition(": ")[2] or f"exit code {done.returncode}"
    return said if done.returncode else ""


def rights_of(person: Person) -> list[str]:
    """The start of a command that runs with only the rights of `person`."""
    return ["setpriv", f"--reuid={person.uid}", f"--regid={person.gid}", "--clear-groups", "--no-new-privs", "--"]
