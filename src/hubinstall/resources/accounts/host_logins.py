"""Accounts that are for the hub only: no shell on the machine itself, and a group that sshd denies.

A person's programs can write ~/.ssh/authorized_keys, and a login with such a key is outside the container, without
its limits, its firewall and its read-only root. Only accounts that hubinstall has made are closed.
"""

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.accounts import accounts, groups
from hubinstall.machine.host import CANDIDATE, Host
from hubinstall.machine.host_logins import administrators, made_by_command, made_here, members
from hubinstall.resources.accounts.account import NOLOGIN, SHELL, manage
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class NoHostLogins:
    """The group `name`, with those of `people` whose accounts hubinstall has made, and all that `hubinstall user` has,
    as far as they have no sudo; none of them if they are not to be `closed`.

    Administrators may put others into it. Who is let out has a shell again, and so have ours when it is removed.
    """

    kind: ClassVar[str] = "no-host-logins"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = False
    name: str
    people: tuple[str, ...] = field(default=(), metadata=KEPT)
    closed: bool = True
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"group": "present", "open": "", "closed in error": ""}

    def actual(self, host: Host) -> State | None:
        if self.name not in groups(host):
            return None
        return {
            "group": "present",
            "open": ", ".join(self._open(host)),
            "closed in error": ", ".join(self._wrong(host)),
        }

    def apply(self, host: Host, change: Change) -> None:
        if change.before is None:
            manage(host, "groupadd", "--system", self.name)
        for person in self._open(host):
            if accounts(host)[person][6] != NOLOGIN:
                host.notice(
                    f"{person} has an account that hubinstall made, and no longer a shell on this machine itself (ssh);"
                    " the hub and its terminals are as before. With users.shell: true such accounts have one"
                )
            manage(host, "usermod", "--append", "--groups", self.name, "--shell", NOLOGIN, person)
        for person in self._wrong(host):
            self._let_out(host, person)

    def remove(self, host: Host) -> None:
        for person in sorted(members(host, self.name) & (set(self.people) | made_by_command(host))):
            self._let_out(host, person)
        if self.name in groups(host):
            manage(host, "groupdel", self.name)

    def _open(self, host: Host) -> list[str]:
        inside, wanted = members(host, self.name), (self._ours(host) - administrators(host)) if self.closed else ()
        return sorted(name for name in wanted if name not in inside or accounts(host)[name][6] != NOLOGIN)

    def _wrong(self, host: Host) -> list[str]:
        for_sign_on = members(host, layout.PEOPLE_GROUP)
        free = administrators(host) | (frozenset() if self.closed else self._ours(host) | for_sign_on)
        return sorted(members(host, self.name) & free)

    def _ours(self, host: Host) -> frozenset[str]:
        return made_here(host) & (set(self.people) | made_by_command(host)) & accounts(host).keys()

    def _let_out(self, host: Host, person: str) -> None:
        manage(host, "gpasswd", "--delete", person, self.name)
        if (row := accounts(host).get(person)) and row[6] == NOLOGIN:  # others are a directory's
            manage(host, "usermod", "--shell", SHELL, person)


@dataclass(frozen=True)
class SshdDropIn:
    """A file of sshd's settings, which counts only if sshd accepts it together with all others."""

    kind: ClassVar[str] = "sshd-drop-in"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    content: str = field(default="", repr=False)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"content": hashlib.sha256(self.content.encode()).hexdigest()}

    def actual(self, host: Host) -> State | None:
        found = host.read(self.name)
        return None if found is None else {"content": hashlib.sha256(found).hexdigest()}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        folder, candidate = self.name.rpartition("/")[0], f"{self.name}{CANDIDATE}"
        # sshd makes the second one when it starts, and does not check anything without it.
        for path in (folder, layout.SSHD_RUN):
            if not host.exists(path):
                host.mkdir(path)
        host.write(candidate, f"{self.content}Include {layout.SSHD_CONFIG}\n".encode(), mode="0600")
        try:
            said = host.query(["sshd", "-t", "-f", candidate], check=False)
        finally:
            host.remove(candidate)
        if said.returncode:
            raise UserError(
                f"sshd does not accept its configuration: {said.stderr.strip()}",
                "Run `sshd -t` and fix what it names, or set users.shell: true; then run it again.",
            )
        host.write(self.name, self.content.encode())
        reload(host)

    def remove(self, host: Host) -> None:
        if host.exists(self.name):
            host.remove(self.name)
            reload(host)


def reload(host: Host) -> None:
    """Let sshd read its settings again, if it runs: connections that are open go on."""
    pid = host.text(layout.SSHD_PID).strip()
    if pid.isdigit() and host.text(f"/proc/{pid}/comm").strip() == "sshd":
        host.run(["kill", "-HUP", pid], check=False)
