"""The directory of a share: whose it is, who may do what in it, and how new files begin.

One that is elsewhere (`path`) was there before, and stays as it is where its file system is not a disk of this machine:
on a file server that maps root to nobody (exports(5), root_squash) root may change nothing, and one that is away must
hold nobody. Then there is a notice, and no failure.
"""

import stat
from dataclasses import dataclass

from hubinstall.errors import UserError
from hubinstall.machine import access_lists, mounts
from hubinstall.machine.accounts import group, has_group
from hubinstall.machine.host import Host, Stat
from hubinstall.resources.base import State

USERS_GROUP = 100
"""`users` of every Debian (base-passwd), of which all people are in their servers."""
BARRED = access_lists.of_new_files(5, 0, barred=USERS_GROUP)
CLOSED = frozenset({"2770", "2750", "3733", "3773", "3770"})
"""Modes that are set here, and that keep people out of what everyone may read."""


@dataclass(frozen=True)
class Also:
    """A second group that has rights to the directory itself: 5 to read and enter it, 3 to put something into it, 1 to
    enter it.
    """

    group: str
    may: int

    @property
    def described(self) -> str:
        return f"{self.group} {stat.filemode(self.may)[-3:]}"


READS, PUTS_IN, ENTERS = 5, 3, 1


@dataclass(frozen=True)
class Form:
    """`mode`: empty if any is right that lets everyone read. `new`: the default access list, without that of `also`."""

    mode: str
    group: str
    new: bytes
    also: Also | None = None

    @property
    def access(self) -> str:
        return f"{self.mode} {self.group}" if self.mode else "read-only"


def form(group: str | None, readers: str | None, members: str | None, *, drop_box: bool) -> Form:
    """A drop-box is sticky, and who may write cannot read. What is in it is barred to everybody's group in servers,
    also when its owner's program opens it to all others, as `shutil.copy` does. The group's part of a mode with an
    access list is its mask (acl(5)): the most that all groups may.
    """
    if drop_box:
        mode = "3770" if members else "3773" if readers else "3733"
        return Form(mode, readers or "root", BARRED, Also(members, PUTS_IN) if members else None)
    if group and members:
        return Form("2770", group, access_lists.of_new_files(7, 5), Also(members, ENTERS))
    if group and readers and readers != group:
        return Form("2770", group, access_lists.of_new_files(7, 0), Also(readers, READS))
    if group:
        return Form("2770" if readers else "2775", group, access_lists.of_new_files(7, 0 if readers else 5))
    if readers:
        return Form("2750", readers, access_lists.of_new_files(5, 0))
    return Form("", "root", access_lists.of_new_files(5, 5))


@dataclass(frozen=True)
class SharedFolder:
    """`place`: the name below /srv/data, a link where there is a `path`."""

    place: str
    path: str
    form: Form

    def desired(self) -> State:
        return self._as_desired() | ({"path": self.path} if self.path else {})

    def _as_desired(self) -> State:
        also = {"also": self.form.also.described} if self.form.also else {}
        return {"folder": self.form.access, "new files": access_lists.described(self.form.new)} | also

    def actual(self, host: Host) -> State:
        place = host.stat(self.place)
        if not self.path:
            return self._seen(host, self.place, place)
        seen = self._elsewhere(host)
        found = self._seen(host, self.path, seen) if seen else self._as_desired()
        return found | {"path": (place.target or place.kind) if place else "absent"}

    def _seen(self, host: Host, path: str, seen: Stat | None) -> State:
        if seen is None or seen.kind != "dir":
            return {"folder": seen.kind if seen else "absent", "new files": ""}
        as_it_is = not self.form.mode and seen.mode not in CLOSED
        access = self.form.access if as_it_is else f"{seen.mode} {seen.group}"
        found = {"folder": access, "new files": access_lists.described(self._new_files(host, path))}
        return found | ({"also": self._also(host, path)} if self.form.also else {})

    def _also(self, host: Host, path: str) -> str:
        """As desired where the file system has no lists. An administrator's own counts if it has this group, too."""
        listed, wanted = access_lists.read(host.path(path), access_lists.OWN), self._own_list(host)
        if not self.form.also or (listed is not None and listed != wanted):
            return access_lists.described(listed) if listed else ""
        return self.form.also.described

    def _own_list(self, host: Host) -> bytes:
        """The directory's own access list; empty if the group is not there yet."""
        also = self.form.also
        row = group(host, also.group) if also else None
        if also is None or row is None:
            return b""
        usual = READS if self.form.new == BARRED else 7
        return access_lists.listing(usual if self.form.group != "root" else 0, 0, {int(row[2]): also.may})

    def _new_list(self, host: Host) -> bytes:
        """The default list with the group that also reads."""
        also = self.form.also
        row = group(host, also.group) if also and also.may == READS else None
        return access_lists.listing(7, 0, {int(row[2]): READS}) if row else self.form.new

    def _new_files(self, host: Host, path: str) -> bytes:
        """The list that counts. The desired one stands for an administrator's own, which names somebody, and for none
        where the file system has none.
        """
        listed = access_lists.read(host.path(path))
        if listed is None or listed == (wanted := self._new_list(host)):
            return self.form.new
        if wanted == self.form.new and access_lists.names_somebody(listed) and BARRED not in {listed, wanted}:
            return self.form.new
        return b"" if listed == self.form.new else listed

    def _elsewhere(self, host: Host) -> Stat | None:
        """The directory at `path` if it is ours to change; else a notice says why not, if that matters."""
        seen = mounts.ask(host, [self.path], host.stat)[self.path]
        if not isinstance(seen, Stat) or seen.kind != "dir":
            host.notice(f"{self.path}, to which {self.place} leads, {trouble(seen)}; people's servers start without it")
            return None
        if mounts.is_own(host, self.path):
            return seen
        if self.form.mode and not self._fits(seen):
            host.notice(
                f"{self.path} is used as it is, because its file system is not a disk of this machine: its mode"
                f" {seen.mode} and group {seen.group} are not {self.form.access}, and decide who may read and write"
            )
        return None

    def _fits(self, seen: Stat) -> bool:
        bits = 0o077
        return seen.group == self.form.group and int(seen.mode, 8) & bits == int(self.form.mode, 8) & bits

    def apply(self, host: Host, last: State | None) -> None:
        """`last`: the state in which this installation last left it."""
        place = host.stat(self.place)
        if self.path:
            self._lead(host, place)
            if not self._elsewhere(host):
                return
        elif place and place.kind == "link" and last and last.get("path") == place.target:
            host.remove(self.place)
        elif place and place.kind != "dir":
            name = self.place.rpartition("/")[2]
            raise UserError(
                f"{self.place} is not a directory, but a directory is expected there",
                f"Move it away, or give the share {name} another name. A directory elsewhere: shares.{name}.path.",
            )
        self._set(host, self.path or self.place)

    def _lead(self, host: Host, place: Stat | None) -> None:
        if place and place.kind == "dir" and not host.names(self.place):
            host.remove(self.place)
        elif place and place.kind != "link":
            raise UserError(
                f"{self.place} is not a link to {self.path}, but holds files of its own",
                f"Move them to {self.path}, or give the share another name.",
            )
        host.link(self.place, self.path)

    def _set(self, host: Host, folder: str) -> None:
        seen = host.stat(folder)
        if self.form.mode:
            for name in (self.form.group, *([self.form.also.group] if self.form.also else [])):
                if not has_group(host, name):
                    host.run(["groupadd", name])
            owner = seen.owner if seen and self.form.new != BARRED else "root"
            host.mkdir(folder, self.form.mode, owner, self.form.group)
        elif seen is None or seen.mode in CLOSED:
            host.mkdir(folder)
        if self._new_files(host, folder) != self.form.new:
            host.new_files(folder, self._new_list(host))
        if self.form.also and self._also(host, folder) != self.form.also.described:
            host.new_files(folder, self._own_list(host), access_lists.OWN)

    def remove(self, host: Host) -> None:
        """Only a link to a directory elsewhere: files stay."""
        if self.path and (place := host.stat(self.place)) and place.target == self.path:
            host.remove(self.place)


def trouble(seen: Stat | OSError | None) -> str:
    """Why a directory elsewhere cannot be used now."""
    if isinstance(seen, TimeoutError):
        return "does not answer"
    if isinstance(seen, OSError):
        return f"cannot be seen ({seen.strerror})"
    return "is not a directory" if seen else "is not there"
