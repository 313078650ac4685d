"""Who may have how much in the home: what config.yaml says, as JSON for the service that keeps it."""

import json
import pwd
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from hubinstall import layout
from hubinstall.hubside.limits import most_generous

FILE = 16 * 1024
"""Bytes of a limit for which one file or folder is allowed, too: ext4's own ratio. Otherwise somebody's empty files
would take everybody's inodes.
"""
LEAST_FILES = 10_000


@dataclass(frozen=True)
class Policy:
    """Sizes are bytes. None: no limit."""

    uid_min: int
    uid_max: int
    everyone: int | None = None
    groups: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Self:
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    def limit(self, name: str, groups: Iterable[str]) -> int | None:
        return most_generous(name, groups, self.users, self.groups, self.everyone)


def most_files(size: int) -> int:
    """How many files and folders go with a limit; 0: any number."""
    return max(size // FILE, LEAST_FILES) if size else 0


def people(
    policy: Policy, owners: Iterable[int], groups_of: Callable[[pwd.struct_passwd], Iterable[str]]
) -> list[tuple[pwd.struct_passwd, int]]:
    """Each person with the limit (0: none), once for each number. `owners`: UIDs that are asked of a directory service,
    which need not list its accounts.
    """
    found = {entry.pw_uid: entry for entry in reversed(pwd.getpwall())}
    for uid in set(owners) - set(found):
        try:
            found[uid] = pwd.getpwuid(uid)
        except KeyError:
            continue
    uids = [uid for uid in sorted(found) if policy.uid_min <= uid <= policy.uid_max and uid not in layout.RESERVED_UIDS]
    there = [found[uid] for uid in uids]
    return [(entry, policy.limit(entry.pw_name, groups_of(entry)) or 0) for entry in there]
