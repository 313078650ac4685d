"""The shares that not everybody sees alike: what of them a person's server has. Both the hub and its broker ask."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.hubside.accounts import Account, group_ids


@dataclass(frozen=True)
class SharedFolder:
    """A share that is more than readable for everyone below /srv/data.

    `path`: its directory, if that is elsewhere. `group`: the one that may write. `readers`: the only one that may read
    (of a drop-box: what others put in), besides `group`. `members`: the only one that may put into a drop-box. An empty
    text: none such.
    """

    name: str
    path: str = ""
    group: str = ""
    readers: str = ""
    drop_box: bool = False
    members: str = ""

    @property
    def folder(self) -> str:
        return self.path or f"{layout.SHARED_DATA}/{self.name}"

    def may_write(self, groups: Collection[str]) -> bool:
        if self.drop_box:
            return not self.members or self.members in groups
        return self.group in groups

    def may_enter(self, groups: Collection[str]) -> bool:
        everyone = not (self.members if self.drop_box else self.readers)
        return everyone or not {self.group, self.readers, self.members}.isdisjoint(groups)

    @property
    def is_for_some(self) -> bool:
        """Whether only members of groups have a link to it."""
        return bool(self.members if self.drop_box else self.readers)


def groups_of(shares: Iterable[SharedFolder], account: Account) -> dict[str, int]:
    """Those groups of shares of which the account is a member, with their GIDs."""
    named = dict.fromkeys(g for share in shares for g in (share.group, share.readers, share.members) if g)
    return {group: gid for group, gid in group_ids(named).items() if gid in account.gids}


def mounted(shares: Iterable[SharedFolder], groups: Collection[str]) -> dict[str, bool]:
    """Folder → whether it is read-only: what a server mounts besides the whole of /srv/data, which is read-only."""
    return {
        share.folder: not share.may_write(groups)
        for share in shares
        if share.may_write(groups) or (share.path and share.may_enter(groups))
    }


def links(shares: Iterable[SharedFolder], groups: Collection[str]) -> list[str]:
    """What only this person's groups may read: its links are not in every new home, so the server makes them."""
    return [f"{layout.SHARED_DATA}/{share.name}" for share in shares if share.is_for_some and share.may_enter(groups)]
