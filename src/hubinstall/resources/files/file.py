"""Files, directories and links."""

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError, without_passwords
from hubinstall.machine.host import CANDIDATE, Host
from hubinstall.resources.base import KEPT, Change, State
from hubinstall.resources.files.json_keys import reload


@dataclass(frozen=True)
class File:
    """A file whose whole content is ours. `check`: a command that must accept the new content before it is in place.

    In `check`, the word "{}" stands for the path of a candidate beside the file.
    """

    kind: ClassVar[str] = "file"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    content: str | bytes = field(default="", repr=False)
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    dropin: str = ""
    """Where people's own additions belong; named if the file was edited by hand."""
    check: tuple[str, ...] = ()
    secret: bool = False
    rereads: str = field(default="", metadata=KEPT)
    """The PID file of a program that is told to reload (SIGHUP) when this file is removed."""
    needs: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content

    def desired(self) -> State:
        sha = hashlib.sha256(self.data).hexdigest()
        return {"type": "file", "content": sha, "mode": self.mode, "owner": self.owner, "group": self.group}

    def actual(self, host: Host) -> State | None:
        stat = host.stat(self.name)
        if stat is None:
            return None
        content = hashlib.sha256(host.read(self.name) or b"").hexdigest() if stat.kind == "file" else stat.target
        return {
            "type": stat.kind,
            "content": content,
            "mode": stat.mode,
            "owner": stat.owner,
            "group": stat.group,
        }

    def apply(self, host: Host, change: Change) -> None:
        if change.before and change.before["type"] == "dir":
            raise UserError(
                f"{self.name} is a directory, but a file is expected there", "Move it away, then run it again."
            )
        keep_edit(host, change, self.dropin)
        if self.check:
            candidate = f"{self.name}{CANDIDATE}"
            host.write(candidate, self.data, mode="0600")
            try:
                host.query([candidate if word == "{}" else word for word in self.check])
            finally:
                host.remove(candidate)
        host.write(self.name, self.data, self.mode, self.owner, self.group)

    def remove(self, host: Host) -> None:
        host.remove(self.name)
        if self.rereads:
            reload(host, self.rereads)

    def texts(self, host: Host) -> tuple[str, str] | None:
        """The old and the new text, for a diff that people read; None if they must not see it."""
        if self.secret or self.mode.endswith("00"):
            return None
        return without_passwords(host.text(self.name)), without_passwords(self.data.decode(errors="replace"))


def keep_edit(host: Host, change: Change, dropin: str) -> None:
    """If a file of ours was edited by hand, keep a copy of the edited version, and say where such edits belong."""
    if not change.before or not change.last or change.before.get("content") == change.last.get("content"):
        return
    path = change.resource.name
    copy = f"{layout.EDITS}/{path.strip('/').replace('/', '%')}"
    if not host.exists(layout.EDITS):
        host.mkdir(layout.EDITS, mode="0700")
    host.write(copy, host.read(path) or b"", mode="0600")
    advice = f"; lasting additions belong in {dropin}" if dropin else ""
    host.notice(f"{path} was edited by hand: your version is kept as {copy}{advice}")


@dataclass(frozen=True)
class Directory:
    """A directory. It is removed only if it is empty, or, with `whole`, together with its content.

    `shared`: other programs use it, too; where it exists, its mode and owner stay.
    """

    kind: ClassVar[str] = "directory"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    mode: str = "0755"
    owner: str = "root"
    group: str = "root"
    whole: bool = field(default=False, metadata=KEPT)
    shared: bool = False
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        if self.shared:
            return {"type": "dir"}
        return {"type": "dir", "mode": self.mode, "owner": self.owner, "group": self.group}

    def actual(self, host: Host) -> State | None:
        stat = host.stat(self.name)
        if stat is None:
            return None
        if self.shared:  # a link to a directory serves as well
            return {"type": "dir" if host.path(self.name).is_dir() else stat.kind}
        return {"type": stat.kind, "mode": stat.mode, "owner": stat.owner, "group": stat.group}

    def apply(self, host: Host, change: Change) -> None:
        if change.before and change.before["type"] != "dir":
            raise UserError(
                f"{self.name} is not a directory, but a directory is expected there", "Move it away, then run it again."
            )
        host.mkdir(self.name, self.mode, self.owner, self.group)

    def remove(self, host: Host) -> None:
        if self.whole:
            host.remove_tree(self.name)
        else:
            host.remove(self.name)
        stat = host.stat(self.name)
        # People's files in it stay, but the directory must not belong to an account that goes, or to the next account
        # that gets its UID.
        if stat and stat.kind == "dir" and (stat.owner, stat.group) != ("root", "root"):
            host.mkdir(self.name, stat.mode)


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    kind: ClassVar[str] = "link"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    target: str = ""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"type": "link", "target": self.target}

    def actual(self, host: Host) -> State | None:
        stat = host.stat(self.name)
        return None if stat is None else {"type": stat.kind, "target": stat.target}

    def apply(self, host: Host, change: Change) -> None:
        if change.before and change.before["type"] != "link":
            raise UserError(
                f"{self.name} is not a link, but a link is expected there", "Move it away, then run it again."
            )
        host.link(self.name, self.target)

    def remove(self, host: Host) -> None:
        stat = host.stat(self.name)
        if stat and stat.kind == "link":
            host.remove(self.name)
