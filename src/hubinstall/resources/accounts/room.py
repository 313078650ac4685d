"""The account of a room: a home and a number of its own, and nobody who logs in with it."""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.accounts import accounts, group, groups
from hubinstall.machine.host import Host
from hubinstall.resources.accounts.account import NOLOGIN, manage
from hubinstall.resources.base import KEPT, Change, State

SHADOW = "/etc/shadow"
EXPIRED = "1"
"""The day on which the account of a room that is gone has expired (as `hubinstall user remove` does)."""


@dataclass(frozen=True)
class Room:
    """An account with a person's number and a home, without a password and a shell, in `group` and in the group that
    sshd denies, and in no other. When the room is no longer wanted, the account is expired, and stays with its home.
    """

    kind: ClassVar[str] = "room"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = False
    name: str
    group: str = ""
    uid_min: int = field(default=1000, metadata=KEPT)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"in": sorted({self.group, layout.NO_LOGIN_GROUP}), "shell": NOLOGIN}

    def actual(self, host: Host) -> State | None:
        """None, too, where the room was gone: the ledger must not record it as adopted."""
        row = accounts(host).get(self.name)
        if row is None or not is_room(row) or is_expired(host, self.name):
            return None
        inside = [name for name, found in groups(host).items() if self.name in found[3].split(",")]
        return {"in": sorted(inside), "shell": row[6]}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        row = accounts(host).get(self.name)
        if row is not None and not is_room(row):
            raise UserError(f"there is an account {self.name} already, which is no room", "Give the room another name.")
        if group(host, self.group) is None:
            manage(host, "groupadd", self.group)
        elif self.group not in groups(host):
            raise UserError(
                f"the group {self.group} is one of a directory (LDAP, SSSD), and a room needs one of this machine",
                f"Make one: groupadd {self.name}-members; name it in config.yaml, and put the members into it.",
            )
        options = ["--groups", f"{self.group},{layout.NO_LOGIN_GROUP}", "--shell", NOLOGIN, "--inactive", "-1"]
        if row is None:
            options += ["--key", f"UID_MIN={self.uid_min}", "--create-home", "--key", "HOME_MODE=0700"]
            manage(host, "useradd", *options, "--comment", layout.ROOM_COMMENT, "--user-group", self.name)
        else:
            manage(host, "usermod", *options, "--expiredate", "", self.name)

    def remove(self, host: Host) -> None:
        row = accounts(host).get(self.name)
        if row is not None and is_room(row):
            manage(host, "usermod", "--expiredate", EXPIRED, self.name)


def is_room(row: list[str]) -> bool:
    """Whether a row of passwd(5) is that of a room's account: only root writes there."""
    return row[4] == layout.ROOM_COMMENT


def is_expired(host: Host, name: str) -> bool:
    rows = (line.split(":") for line in host.text(SHADOW).splitlines())
    return any(row[0] == name and row[7:8] == [EXPIRED] for row in rows)
