"""The host's accounts as the hub sees them, and the part of them that a user server sees."""

import contextlib
import grp
import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from hubinstall import layout
from hubinstall.hubside import kept_file

# A home in one of these would hide what a container needs, or is not a person's home.
UNSAFE = frozenset(":,\n\r\0")
"""What would end a field or an item of passwd(5) and group(5). A directory service may know names that hold them."""
_NO_HOMES = frozenset({"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr"})


class NoServerError(Exception):
    """Why this account cannot have a server, in words for its owner."""


@dataclass(frozen=True)
class Account:
    """An account of the host. `gids`: the GIDs of all its groups."""

    name: str
    uid: int
    gid: int
    home: str
    group: str = ""
    gids: frozenset[int] = frozenset()

    @classmethod
    def brief(cls, name: str) -> Self | None:
        """The account with exactly this name, from any source of the host's accounts (files, SSSD, …), without its
        groups. Cheap enough for every request: a directory that is slow is not asked about accounts of the host's own.
        """
        try:
            entry = pwd.getpwnam(name)
        except (KeyError, ValueError, UnicodeError):
            return None
        return cls(name, entry.pw_uid, entry.pw_gid, tidy(entry.pw_dir)) if entry.pw_name == name else None

    @classmethod
    def find(cls, name: str) -> Self | None:
        """The same with its groups, of which all sources are asked."""
        found = cls.brief(name)
        if found is None:
            return None
        return replace(found, group=_group_name(found.gid), gids=frozenset(os.getgrouplist(name, found.gid)))

    def check_home(self, others: Mapping[str, str]) -> None:
        """Raise NoServerError unless the home can be mounted safely. `others`: name → home of all people.

        A mount follows symbolic links. So no other user may be able to change a directory above the home. The host's
        accounts say where people can write: in their homes, unless these belong to root. (The hub itself cannot read
        most of them.)
        """
        if UNSAFE & set(self.name) or {":", "\n"} & set(self.home):
            raise NoServerError("The name or the home of this account has a character that separates fields.")
        parts = self.home.split("/")
        plain = self.home == os.path.normpath(self.home) and len(parts) >= 3 and parts[0] == ""
        if not plain or parts[1] in _NO_HOMES:
            raise NoServerError(f"The home of {self.name} is {self.home!r}, which cannot be a person's home directory.")
        for name, home in others.items():
            inside = name != self.name and len(home) > 1 and self.home.startswith(f"{home.rstrip('/')}/")
            if inside and not only_root_writes(home):
                raise NoServerError(
                    f"The home of {self.name} is inside {home}, the home of {name}, who could replace it. Ask the "
                    f"administrator of this machine to give {name} another home."
                )


def homes(uid_min: int) -> dict[str, str]:
    """Name → home of all people. System accounts do not count: only root decides what they own."""
    return {entry.pw_name: tidy(entry.pw_dir) for entry in pwd.getpwall() if entry.pw_uid >= uid_min}


def tidy(home: str) -> str:
    """The path without what means nothing: `//`, `/./` and a slash at the end. `..` stays, and is refused."""
    if not home.startswith("/"):
        return home
    return "/" + "/".join(part for part in home.split("/") if part not in {"", "."})


def only_root_writes(folder: str) -> bool:
    """Whether nobody but root can create or replace anything in it; no if that cannot be seen.

    Under systemd an empty folder of root's hides /home from the hub (ProtectHome=), and the real one is taken for
    root's, as all distributions make it. `status` looks at the real one.
    """
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return found.st_uid == 0 and not found.st_mode & 0o022


def login_name(name: str) -> str:
    """What a login makes of a name: the account's own name on the host, or the given one if there is no such account.

    A directory service may know one account by several names, such as `max`, `max@domain` and `MAX`. Capital letters
    from a phone's keyboard are accepted where only the account in small letters exists.
    """
    for spelling in dict.fromkeys((name, name.lower())) if len(name) <= 256 else ():
        if Account.find(spelling):
            return spelling
        own = _own_name(spelling)
        if own and Account.find(own):
            return own
    return name


def _own_name(name: str) -> str:
    try:
        return pwd.getpwnam(name).pw_name
    except (KeyError, ValueError, UnicodeError):
        return ""


def group_ids(names: Iterable[str]) -> dict[str, int]:
    """Group → GID, without the groups that do not exist on the host (yet)."""
    found = {}
    for name in names:
        with contextlib.suppress(KeyError):
            found[name] = grp.getgrnam(name).gr_gid
    return found


def classmates(group: str) -> list[Account]:
    """The accounts in a group of the host, as far as its line names them (group(5))."""
    with contextlib.suppress(KeyError):
        return [found for name in grp.getgrnam(group).gr_mem if (found := Account.brief(name))]
    return []


def passwd_text(account: Account, others: Iterable[Account] = ()) -> str:
    """The /etc/passwd of a user server: root, nobody and the server's owner. `others`: known by name, and no more."""
    more = {one.uid: one for one in others if one.uid != account.uid and not UNSAFE & set(one.name)}
    return (
        "root:x:0:0:root:/root:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        f"{account.name}:x:{account.uid}:{account.gid}::{account.home}:/bin/bash\n"
    ) + "".join(f"{one.name}:x:{one.uid}:{one.gid}::/nonexistent:/usr/sbin/nologin\n" for one in more.values())


def group_text(account: Account, groups: Mapping[str, int]) -> str:
    """The /etc/group of a user server. `groups`: name → GID of its supplementary groups."""
    own = {account.group or account.name: account.gid}
    named = {f"group{gid}" if UNSAFE & set(name) else name: gid for name, gid in {**groups, **own}.items()}
    rows = [f"{name}:x:{gid}:{account.name}" for name, gid in named.items() if gid not in {0, 65534}]
    return "\n".join(["root:x:0:", *rows, "nogroup:x:65534:", ""])


def write_account_files(account: Account, groups: Mapping[str, int]) -> tuple[str, str]:
    """Keep both files where Docker finds them and return their paths. The UID names them, so that no account name
    becomes part of a path. Raises NoServerError.
    """
    folder = Path(layout.SERVER_ACCOUNTS)
    paths = folder / f"{account.uid}.passwd", folder / f"{account.uid}.group"
    try:
        folder.mkdir(mode=0o711, exist_ok=True)
        for path, text in zip(paths, (passwd_text(account), group_text(account, groups)), strict=True):
            kept_file.keep(path, text, 0o644)
    except OSError as error:
        raise NoServerError(
            f"This machine cannot prepare a server for {account.name}: {error.strerror}. Tell its administrator."
        ) from error
    return str(paths[0]), str(paths[1])


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
