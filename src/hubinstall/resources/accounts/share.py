"""Shared directories: one resource for the directory, its link in /etc/skel and the links in every existing home.

A process that has only the owner's rights creates the link in a home: root never follows a path that a user can
change. If users have something else of that name, it stays, and a notice says so. So does one where their own rights, a
quota, a full disk or a file server that is away refuse the link: no failure, and the next run tries again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import StalledError, UserError
from hubinstall.machine.accounts import Person, ask_homes, members, people
from hubinstall.machine.host import Host, Stat
from hubinstall.resources.accounts.shared_folder import SharedFolder, form
from hubinstall.resources.base import KEPT, Change, State

STALL = 20.0
"""Seconds without progress until a command in a home counts as hung."""


@dataclass(frozen=True)
class Home:
    """What was seen of a home at one time. `names`: what is in it."""

    at: Stat | OSError
    names: list[str] | OSError


@dataclass(frozen=True)
class Share:
    """`group`: this host group may write; None: only the directory's owner. `readers`: only this group may read besides
    it, and has links. `drop_box`: everyone may put in, and only `readers` may read; `members`: only this group may,
    and what is no drop-box it may enter. `linked`: whether homes have links. `path`: where the directory is, if not
    below /srv/data.
    """

    kind: ClassVar[str] = "share"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = False
    name: str
    group: str | None = None
    readers: str | None = field(default=None, metadata=KEPT)
    drop_box: bool = field(default=False, metadata=KEPT)
    members: str | None = field(default=None, metadata=KEPT)
    path: str = field(default="", metadata=KEPT)
    linked: bool = field(default=True, metadata=KEPT)
    uid_min: int = field(default=1000, metadata=KEPT)
    uid_max: int = field(default=60000, metadata=KEPT)
    needs: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return f"{layout.SHARED_DATA}/{self.name}"

    @property
    def skel(self) -> str:
        return f"{layout.SKEL}/{self.name}"

    @property
    def is_for_some(self) -> bool:
        """Whether only members of a group see it, so that new homes do not begin with a link to it."""
        return not self.linked or bool(self.members if self.drop_box else self.readers)

    @property
    def _shared(self) -> SharedFolder:
        shape = form(self.group, self.readers, self.members, drop_box=self.drop_box)
        return SharedFolder(self.folder, self.path, shape)

    def desired(self) -> State:
        skel = "absent" if self.is_for_some else self.folder
        others: State = {"homes of others with link": []} if self.is_for_some else {}
        return self._shared.desired() | {"skel": skel, "homes without link": []} | others

    def actual(self, host: Host) -> State | None:
        """None, too, where the directory of a share of before has stayed and no home has a link: the ledger must not
        record it as adopted, because `remove` removes the links.
        """
        place, skel = host.stat(self.folder), host.stat(self.skel)
        missing = [person.name for person in self._without(host) if self._path(person) not in host.tried]
        if (place if self.is_for_some else skel) is None:
            return None
        if self.is_for_some and missing and len(missing) == len(self._readers(host, self._homes(host))):
            return None
        found = self._shared.actual(host)
        if self.is_for_some:  # what an administrator keeps there under this name stays
            ours = skel is not None and skel.target == self.folder
            found |= {"skel": self.folder if ours else "absent"}
            found |= {"homes of others with link": [person.name for person in self._outsiders_with(host)]}
        else:
            found |= {"skel": skel.target if skel else "absent"}
        return found | {"homes without link": missing}

    def apply(self, host: Host, change: Change) -> None:
        skel = host.stat(self.skel)
        if skel and skel.kind != "link" and not self.is_for_some:
            raise UserError(
                f"{self.skel} is not a link, but a link is expected there",
                f"Move it away, or give the share {self.name} another name.",
            )
        self._shared.apply(host, change.last)
        if not self.is_for_some:
            host.link(self.skel, self.folder)
        elif skel and skel.target == self.folder:
            host.remove(self.skel)
        for person in self._readers(host, self._homes(host)):
            self._link(host, person)
        for person in self._outsiders_with(host):
            self._unlink(host, person)

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
        for person in self._homes(host):
            self._unlink(host, person)
        self._shared.remove(host)

    def _unlink(self, host: Host, person: Person) -> None:
        path = self._path(person)
        host.tried.add(path)
        link = self._at(host, person)
        if link is None or (not isinstance(link, OSError) and link.target != self.folder):
            return
        refused = words(link) if isinstance(link, OSError) else as_owner(host, person, "rm", "-f", path)
        if refused:
            host.notice(f"the link {path} of {person.name}, if there is one, stays ({refused})")

    def _path(self, person: Person) -> str:
        return f"{person.home}/{self.name}"

    def _at(self, host: Host, person: Person) -> Stat | OSError | None:
        """What is there now, of whatever kind."""
        return ask_homes(host, [person.home], lambda _: host.stat(self._path(person)))[person.home]

    def _homes(self, host: Host) -> dict[Person, Home]:
        """Everyone with their homes, seen at one time: accounts come and go while other steps run. Each home is looked
        at once, however many shares there are.
        """

        def look() -> dict[Person, Home]:
            everyone = people(host, self.uid_min, self.uid_max)
            names = ask_homes(host, [person.home for person in everyone], host.names)
            return {person: Home(at, names[person.home]) for person, at in everyone.items()}

        return host.once("homes of people", look)

    def taken(self, host: Host) -> list[str]:
        """The paths in homes where somebody who reads the share has something else, so that there is no link to it."""
        homes = self._homes(host)
        there = [person for person in self._readers(host, homes) if self.name in _listed(homes[person].names)]
        seen = [(self._path(person), self._at(host, person)) for person in there]
        return [path for path, found in seen if isinstance(found, Stat) and found.target != self.folder]

    def unreadable(self, host: Host) -> list[str]:
        """What only root may read of the share and its top, as what root has copied with its modes."""
        if self.drop_box:
            return []
        bits = 0o040 if self.readers or self.group else 0o004
        paths = [self.folder, *(f"{self.folder}/{name}" for name in host.names(self.folder))]
        seen = [(path, host.stat(path)) for path in paths]
        theirs = [(path, found) for path, found in seen if found and found.kind in {"file", "dir"}]
        return [path for path, found in theirs if found.owner == "root" and not int(found.mode, 8) & bits]

    def _readers(self, host: Host, everyone: Iterable[Person]) -> list[Person]:
        """Who of `everyone` has a link to it."""
        if not self.is_for_some:
            return list(everyone)
        if not self.linked:
            return []
        names = members(host, [group for group in (self.group, self.readers, self.members) if group])
        return [person for person in everyone if person.name in names]

    def _outsiders_with(self, host: Host) -> list[Person]:
        """Who may not read it, and has a link to it all the same, because they could before."""
        homes = self._homes(host)
        readers = set(self._readers(host, homes))
        return [
            person
            for person, home in homes.items()
            if person not in readers
            and self._path(person) not in host.tried
            and self._has(host, person, home)
            and isinstance(there := self._at(host, person), Stat)
            and there.target == self.folder
        ]

    def _without(self, host: Host) -> list[Person]:
        """Whose home has nothing of this name, but could."""
        homes, found = self._homes(host), []
        for person in self._readers(host, homes):
            if not self._has(host, person, homes[person]):
                if why := closed(homes[person].at):
                    self._tell(host, person, why)
                else:
                    found.append(person)
        return found

    def _has(self, host: Host, person: Person, home: Home) -> bool:
        """Where not even root may read a home, as on a network file system, its owner is asked."""
        if isinstance(home.names, PermissionError):
            asked = [*rights_of(person), "test", "-L", self._path(person)]
            return host.query(asked, check=False, stall=STALL).returncode == 0
        return self.name in _listed(home.names)

    def _tell(self, host: Host, person: Person, why: str) -> None:
        host.notice(
            f"{person.name} does not get the link {self._path(person)} to the share {self.folder} now ({why}); each "
            "`hubinstall apply` tries again"
        )


def _listed(names: list[str] | OSError) -> list[str]:
    return [] if isinstance(names, OSError) else names


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
