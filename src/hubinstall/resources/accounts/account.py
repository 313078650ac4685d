"""Groups and accounts: service accounts are ours; people's accounts belong to them from the beginning."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.errors import CommandError, UserError
from hubinstall.machine.accounts import accounts, find, groups
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.base import KEPT, Change, State

NOLOGIN, SHELL = "/usr/sbin/nologin", "/bin/bash"
NOWHERE = "/nonexistent"
ABSENT, IN_USE = 6, 8
"""Exit codes of userdel(8) and groupdel(8)."""
TRIES = 20


@dataclass(frozen=True)
class Group:
    """A system group. Others may rely on it as soon as it exists, so it is never removed."""

    kind: ClassVar[str] = "group"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = True
    name: str
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"present": True}

    def actual(self, host: Host) -> State | None:
        return {"present": True} if self.name in groups(host) else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        manage(host, "groupadd", "--system", self.name)

    def remove(self, host: Host) -> None:
        """It stays."""


@dataclass(frozen=True)
class Account:
    """A service account: nobody logs in with it. It is a member of `groups`, not of `never`, and may be in others."""

    kind: ClassVar[str] = "account"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = False
    name: str
    home: str = NOWHERE
    groups: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    uid_min: int = field(default=1000, metadata=KEPT)
    """People's UIDs start here."""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {
            "system": True,
            "group": self.name,
            "home": self.home,
            "shell": NOLOGIN,
            "groups": sorted(self.groups),
        } | ({"not in": sorted(self.never)} if self.never else {})

    def actual(self, host: Host) -> State | None:
        row = accounts(host).get(self.name)
        if row is None:
            return None
        there = groups(host)
        return {
            "system": int(row[2]) < self.uid_min,
            "group": next((name for name, group in there.items() if group[2] == row[3]), "absent"),
            "home": row[5],
            "shell": row[6],
            "groups": sorted(g for g in self.groups if self._is_in(there, g)),
        } | ({"not in": sorted(g for g in self.never if not self._is_in(there, g))} if self.never else {})

    def _is_in(self, there: dict[str, list[str]], group: str) -> bool:
        return group in there and self.name in there[group][3].split(",")

    def apply(self, host: Host, change: Change) -> None:
        before = change.before
        if before and not before["system"]:
            raise UserError(
                f"{self.name} is a person's account on this machine, but a service needs an account of this name",
                f"Rename the person's account (usermod -l NEW {self.name}), then run it again.",
            )
        options = ["--home-dir", self.home, "--shell", NOLOGIN]
        if before is None:
            own = ["--gid", self.name] if self.name in groups(host) else ["--user-group"]
            manage(host, "useradd", "--system", "--no-create-home", *own, *options, self.name)
        else:
            if self.name not in groups(host):
                manage(host, "groupadd", "--gid", accounts(host)[self.name][3], self.name)
            manage(host, "usermod", "--gid", self.name, "--home", self.home, "--shell", NOLOGIN, self.name)
        if self.groups:
            manage(host, "usermod", "--append", "--groups", ",".join(self.groups), self.name)
        for group in (one for one in self.never if self._is_in(groups(host), one)):
            if host.journal:
                host.journal.remember_member(self.name, group)
            manage(host, "gpasswd", "--delete", self.name, group)

    def remove(self, host: Host) -> None:
        if (row := accounts(host).get(self.name)) and int(row[2]) >= self.uid_min:
            return  # it has become a person's account
        manage(host, "userdel", self.name, fine=ABSENT)
        if self.name in groups(host):
            manage(host, "groupdel", self.name, fine=ABSENT)


@dataclass(frozen=True)
class Person:
    """A person's account: created if there is none, and theirs from then on. It is never removed.

    `shell`: of a new account; host_logins.py closes those that hubinstall has made before. Its first password is the
    given one, or a generated one that is shown once (first_passwords.py).
    """

    kind: ClassVar[str] = "person"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = True
    name: str
    shell: str = SHELL
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"present": True, "first password": "set"}

    def actual(self, host: Host) -> State | None:
        if self.name not in find(host, [self.name]):
            return None
        return {"present": True, "first password": "due" if first_passwords.is_due(host, self.name) else "set"}

    def apply(self, host: Host, change: Change) -> None:
        password = first_passwords.due(host, self.name)
        if change.before is None:
            own = ["--gid", self.name] if self.name in groups(host) else ["--user-group"]
            home = ["--create-home", "--key", "HOME_MODE=0700"]
            manage(host, "useradd", *home, "--shell", self.shell, *own, self.name)
        host.run(["chpasswd"], input=f"{self.name}:{password}\n")
        first_passwords.settle(host, self.name)

    def remove(self, host: Host) -> None:
        """It stays."""


def manage(host: Host, *argv: str, fine: int = 0) -> None:
    """Run one of the shadow tools; retry while a package's script holds their lock, or a process of the account ends.

    `fine` is an exit code that does not count as a failure.
    """
    retry(lambda: host.run(list(argv), check=False), fine)


def retry(run: Callable[[], Completed], fine: int) -> None:
    for left in reversed(range(TRIES)):
        done = run()
        if done.returncode in {0, fine}:
            return
        busy = "lock" in done.stderr or (done.argv[0] == "userdel" and done.returncode == IN_USE)
        if not busy or not left:
            raise CommandError(done.argv, done.returncode, done.stderr)
        time.sleep(0.25)
