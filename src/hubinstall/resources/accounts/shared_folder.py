"""The directory of a share: whose it is, who may do what in it, and how new files begin.

One that is elsewhere (`path`) was there before, and stays as it is where its file system is not a disk of this machine:
on a file server that maps root to nobody (exports(5), root_squash) root may change nothing, and one that is away must
hold nobody. Then there is a notice, and no failure.
"""

from dataclasses import dataclass

from hubinstall.errors import UserError
from hubinstall.machine import access_lists, mounts
from hubinstall.machine.accounts import has_group
from hubinstall.machine.host import Host, Stat
from hubinstall.resources.base import State

USERS_GROUP = 100
"""`users` of every Debian (base-passwd), of which all people are in their servers."""
BARRED = access_lists.of_new_files(5, 0, barred=USERS_GROUP)
CLOSED = frozenset({"2770", "2750", "3733", "3773"})
"""Modes that are set here, and that keep people out of what everyone may read."""


@dataclass(frozen=True)
class Form:
    """`mode`: empty if any is right that lets everyone read. `new`: the default access list."""

    mode: str
    group: str
    new: bytes

    @property
    def access(self) -> str:
        return f"{self.mode} {self.group}" if self.mode else "read-only"


def form(group: str | None, readers: str | None, *, drop_box: bool) -> Form:
    """A drop-box is sticky, and who may write cannot read. What is in it is barred to everybody's group in servers,
    also when its owner's program opens it to all others, as `shutil.copy` does.
    """
    if drop_box:
        return Form("3773" if readers else "3733", readers or "root", BARRED)
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
        return {"folder": self.form.access, "new files": access_lists.described(self.form.new)}

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
        return {"folder": access, "new files": access_lists.described(self._new_files(host, path))}

    def _new_files(self, host: Host, path: str) -> bytes:
        """The list that counts. The desired one stands for an administrator's own, which names somebody, and for none
        where the file system has none.
        """
        listed = access_lists.read(host.path(path))
        if listed is None or (access_lists.names_somebody(listed) and BARRED not in {listed, self.form.new}):
            return self.form.new
        return listed

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
            if not has_group(host, self.form.group):
                host.run(["groupadd", self.form.group])
            owner = seen.owner if seen and self.form.new != BARRED else "root"
            host.mkdir(folder, self.form.mode, owner, self.form.group)
        elif seen is None or seen.mode in CLOSED:
            host.mkdir(folder)
        if self._new_files(host, folder) != self.form.new:
            host.new_files(folder, self.form.new)

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
