"""All homes of a machine: who has which limit, and what in them does not count yet."""

import grp
import json
import os
import pwd
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside import home_use
from hubinstall.hubside.accounts import tidy
from hubinstall.quotas import homes, kernel
from hubinstall.quotas.policy import Policy, people


@dataclass(frozen=True)
class Owner:
    """`limit`: bytes; 0: none."""

    name: str
    uid: int
    home: str
    limit: int


def owners(policy: Policy, folder: str) -> Iterator[Owner]:
    """All people. Directory services, which need not list theirs, are asked for those who own a home in `folder`."""
    groups = {entry.gr_gid: entry.gr_name for entry in map(known, policy.groups) if entry}

    def groups_of(person: pwd.struct_passwd) -> list[str]:
        gids = os.getgrouplist(person.pw_name, person.pw_gid) if groups else []
        return [groups[gid] for gid in gids if gid in groups]

    with os.scandir(folder) as entries:
        uids = [entry.stat(follow_symlinks=False).st_uid for entry in entries]
    for person, limit in people(policy, uids, groups_of):
        yield Owner(person.pw_name, person.pw_uid, tidy(person.pw_dir), limit)


class Keeper:
    """`folder`: where homes are; `gathered`: a file of its own."""

    def __init__(self, policy: Policy, folder: str, gathered: Path) -> None:
        self.policy, self.folder, self.path = policy, folder, gathered
        self.gathered: dict[str, list[int]] = {}
        """Home → its inode and its project. A restart does not look through all homes again."""
        with suppress(OSError, ValueError):
            self.gathered = json.loads(gathered.read_text())
        self.todo: dict[str, int] = {}
        """Home → project."""
        self.walk: Iterator[None] | None = None
        """Through the first of them."""
        self.said: set[str] = set()

    def look(self) -> None:
        """Set all limits, and tell the hub how much of them is used."""
        figures: home_use.Figures = {}
        for owner in owners(self.policy, self.folder):
            try:
                with homes.opened(self.folder, owner.home, owner.uid) as home:
                    homes.set_limit(home, owner.uid, owner.limit)
                    inode = os.fstat(home).st_ino
                    if owner.limit:
                        figures[owner.name] = kernel.usage(home, owner.uid).used, owner.limit
            except (homes.SkippedError, OSError) as error:
                self.say(f"no quota for {owner.name}: {error}")
                continue
            if owner.limit and self.gathered.get(owner.home) != [inode, owner.uid]:
                self.todo[owner.home] = owner.uid
        with suppress(OSError):  # until the accounts helper has made the directory
            home_use.tell(figures)

    def gather(self, end: float) -> None:
        """Look through homes that were there before their limit, until then; the next call goes on."""
        while self.todo and time.monotonic() < end:
            home, uid = next(iter(self.todo.items()))
            try:
                with homes.opened(self.folder, home, uid) as folder:
                    inode = os.fstat(folder).st_ino
                    self.walk = self.walk or homes.gather(os.dup(folder), uid)
                for _ in self.walk:
                    if time.monotonic() > end:
                        return
                self.gathered[home] = [inode, uid]
                self.keep()
            except (homes.SkippedError, OSError) as error:
                self.say(f"not all that is in {home} counts yet: {error}")
            self.walk = None
            del self.todo[home]

    def keep(self) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.gathered))
        new.rename(self.path)

    def undo(self) -> None:
        """End all limits, and leave no mark on what is in homes."""
        for owner in owners(self.policy, self.folder):
            try:
                with homes.opened(self.folder, owner.home, owner.uid) as home:
                    homes.end_limit(home, owner.uid)
            except (homes.SkippedError, OSError) as error:
                self.say(f"{owner.home} stays as it is: {error}")
        for path in (self.path, Path(layout.HOME_USE)):
            path.unlink(missing_ok=True)

    def say(self, words: str) -> None:
        """Once."""
        if words not in self.said:
            self.said.add(words)
            print(words, file=sys.stderr, flush=True)


def known(name: str) -> grp.struct_group | None:
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None
