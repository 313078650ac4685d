"""A group whose members are those that config.yaml names, such as the teachers of a course."""

from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.accounts import find, group, groups
from hubinstall.machine.host import Host
from hubinstall.resources.accounts.account import manage
from hubinstall.resources.base import Change, State


@dataclass(frozen=True)
class GroupMembers:
    """`members`: names, of which those without an account are left out until they have one. The group stays when it is
    no longer wanted, because files carry its number.
    """

    kind: ClassVar[str] = "group-members"
    lock: ClassVar[str | None] = "accounts"
    stays: ClassVar[bool] = True
    name: str
    members: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"members": sorted(self.members)}

    def actual(self, host: Host) -> State | None:
        row = group(host, self.name)
        if row is None:
            return None
        there, accounts = set(filter(None, row[3].split(","))), self._accounts(host)
        known = {name for name in self.members if name not in accounts or accounts[name] in there}
        return {"members": sorted(known | there - set(accounts.values()))}

    def apply(self, host: Host, change: Change) -> None:
        if change.before is None:
            manage(host, "groupadd", self.name)
        elif self.name not in groups(host):
            raise UserError(
                f"the group {self.name} is one of a directory (LDAP, SSSD), with other members than config.yaml names",
                "Change them there, or give the course another name.",
            )
        manage(host, "gpasswd", "--members", ",".join(sorted(self._accounts(host).values())), self.name)

    def _accounts(self, host: Host) -> dict[str, str]:
        """Name of config.yaml → the account's own, as far as there are accounts."""
        return {name: row[0] for name, row in find(host, self.members).items()}

    def remove(self, host: Host) -> None:
        """It stays."""
