"""Make the account of somebody whom the hub's sign-on knows: at the first login, from /etc/skel, locked.

The answer is the same however often it is asked, and whatever killed the helper before: an account that is there and
is the sign-on's is answered, what was half made is made again, and everything else is refused in words.
"""

import grp
import itertools
import json
import pwd
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubinstall import layout
from hubinstall.accounts_helper import new_homes, tools
from hubinstall.accounts_helper.allowance import Allowance
from hubinstall.accounts_helper.log import say
from hubinstall.accounts_helper.new_homes import NewHome
from hubinstall.accounts_helper.policy import Making, Policy
from hubinstall.hubside.new_accounts import is_account_name

AT_ONCE, EACH = 300, 12.0
"""How many are made without a wait, and seconds until one more is: several classes on the first morning, then 300 in an
hour. A hub that somebody has taken over is to fill neither /etc/passwd nor /home.
"""
MOST = 10_000
"""Accounts in the group, in all."""
LAST_UID = 60_000
"""The largest that is given out (UID_MAX of Debian's login.defs); larger ones are those of directories and services."""
MARK = "(hubinstall)"
"""How the comment of an account ends that was made here."""
ADMINISTRATOR = "Ask the administrator of this machine."


class RefusedError(Exception):
    """Why there is no account, in words for the person who logs in."""


@dataclass(frozen=True)
class Places:
    """Where homes are, and what is in a new one."""

    homes: str = layout.HOMES
    skel: str = layout.SKEL


class Maker:
    """One account at a time."""

    def __init__(self, policy: Policy, places: Places | None = None) -> None:
        self._policy, self._places = policy, places or Places()
        self._lock = threading.Lock()
        self._allowance = Allowance(AT_ONCE, EACH)

    def answer(self, name: str, of: str = "") -> dict[str, Any]:
        """One of `account`, `refused` with `words`, `wait` with seconds. `of`: what the sign-on calls the person."""
        making = self._policy.making
        if making is None:
            return {"answer": "refused", "words": f"No accounts are made for people here. {ADMINISTRATOR}"}
        try:
            return self._answer(name, of, making)
        except RefusedError as error:
            return {"answer": "refused", "words": str(error)}
        except (OSError, tools.ToolError) as error:
            say(f"An account could not be made: {error}")
            words = f"Your account could not be made on this machine. {ADMINISTRATOR} (hubinstall logs"
            return {"answer": "refused", "words": f"{words} {layout.ACCOUNTS_SERVICE})"}

    def _answer(self, name: str, of: str, making: Making) -> dict[str, Any]:
        if not is_account_name(name):
            raise RefusedError(f"No account is called so that people from a sign-on may use. {ADMINISTRATOR}")
        found = {"answer": "account"}
        if self._is_complete(name, making):
            return found
        with self._lock:
            for unfinished in new_homes.left(self._places.homes):
                self._undo(unfinished)
            if entry := _entry(name):
                self._complete(entry, making)
                return found
            if wait := self._wait():
                return {"answer": "wait", "seconds": wait}
            self._make(name, of, making)
            return found

    # -- an account that is there ----------------------------------------------------------------------------

    def _is_complete(self, name: str, making: Making) -> bool:
        entry = _entry(name)
        return entry is not None and self._is_theirs(name, making) and not self._lacks_home(entry)

    def _is_theirs(self, name: str, making: Making) -> bool:
        """Whether the sign-on's people may use this account: hubinstall made it, or an administrator says so."""
        if not self._policy.admits(name) or name == layout.PROBE_USER:
            return False
        return name in making.known or _is_member(name) or _made_by_command(name)

    def _lacks_home(self, entry: pwd.struct_passwd) -> bool:
        """Whether it was made here and has no home (any more). Others have homes where they want."""
        new = NewHome(entry.pw_name, entry.pw_uid, self._places.homes)
        is_ours = entry.pw_gecos.endswith(MARK) and entry.pw_dir == str(new.path)
        return is_ours and not _exists(new)

    def _complete(self, entry: pwd.struct_passwd, making: Making) -> None:
        name = entry.pw_name
        if not self._is_theirs(name, making):
            say(
                f"Refused: {name} is an account of this machine that was not made for the sign-on. If it belongs to"
                f" whom the sign-on calls so: usermod -aG {layout.PEOPLE_GROUP} {name}"
            )
            raise RefusedError(
                f"This machine has an account {name} of its own, which is not for people from this sign-on."
                f" {ADMINISTRATOR}"
            )
        if self._lacks_home(entry):
            new = NewHome(name, entry.pw_uid, self._places.homes)
            new.stage(self._places.skel)
            new.put(entry.pw_gid)
            say(f"Made a new home for {name}")

    # -- a new account ---------------------------------------------------------------------------------------

    def _wait(self) -> float:
        wait = self._allowance.begin("", time.monotonic())
        if wait:
            say(f"More than {AT_ONCE} accounts at once are asked for: the next one in {wait:.0f} seconds")
        return wait

    def _make(self, name: str, of: str, making: Making) -> None:
        if _group(name):
            say(f"Refused: {name} would get the rights of the group {name}")
            raise RefusedError(f"This machine has a group {name} of its own. {ADMINISTRATOR}")
        if len(_members()) >= MOST:
            say(f"Refused: the group {layout.PEOPLE_GROUP} has {MOST} members")
            raise RefusedError(f"There are too many accounts on this machine. {ADMINISTRATOR}")
        new = NewHome(name, self._free_uid(), self._places.homes)
        if _exists(new):
            raise RefusedError(
                f"A home directory {new.path} is left from an account that this machine had before; it belongs to the"
                f" number {new.path.lstat().st_uid}. {ADMINISTRATOR}"
            )
        new.stage(self._places.skel)
        try:
            tools.run("useradd", *_options(new, making, of), name)
        except tools.ToolError:
            self._undo(new)  # a full disk may have stopped it between two files
            raise
        new.put(pwd.getpwnam(name).pw_gid)
        say(f"Made the account {name} with the number {new.uid}, for {_comment(of)}")

    def _free_uid(self) -> int:
        """One that no account, no group and no home has, so that nothing of somebody who is gone belongs to it."""
        least, most = self._policy.uid_min, self._policy.uid_max
        numbers = range(least, (most if least > LAST_UID else min(most, LAST_UID)) + 1)
        used = {entry.pw_uid for entry in pwd.getpwall()} | {group.gr_gid for group in grp.getgrall()}
        used |= new_homes.owners(self._places.homes)
        highest = max((uid for uid in used if uid in numbers), default=least - 1)
        for uid in itertools.chain(range(highest + 1, numbers.stop), numbers):
            if uid not in used and uid not in layout.RESERVED_UIDS and not _has_account(uid):
                return uid
        raise RefusedError(f"This machine has no number left for a new account (users.uid_max). {ADMINISTRATOR}")

    def _undo(self, unfinished: NewHome) -> None:
        """A helper was killed while it made this one. Without the group the account is not one of the sign-on's yet,
        nobody has used it, and it is made again. With the group all its lines are there, and the home may lack.
        """
        entry = _entry(unfinished.name)
        ours = entry is not None and entry.pw_uid == unfinished.uid and entry.pw_gecos.endswith(MARK)
        if entry and ours and not _exists(unfinished) and not _is_member(unfinished.name):
            say(f"Removing the account {unfinished.name}, which was being made when the helper ended")
            tools.run("userdel", unfinished.name)
            if (group := _group(unfinished.name)) and group.gr_gid == entry.pw_gid and not group.gr_mem:
                tools.run("groupdel", unfinished.name)
        unfinished.drop()


def _options(new: NewHome, making: Making, of: str) -> list[str]:
    """Of useradd(8). Its password is locked, and neither it nor the account ever expires: the sign-on decides. It has
    no range of further numbers (subuid(5)), of which a machine has some thousand.
    """
    none = [part for key in ("SUB_UID_COUNT", "SUB_GID_COUNT") for part in ("--key", f"{key}=0")]
    return [
        "--uid", str(new.uid), "--user-group", "--groups", ",".join(making.groups), "--shell", making.shell,
        "--home-dir", str(new.path), "--no-create-home", "--no-log-init", "--inactive", "-1", "--expiredate", "",
        *none, "--comment", f"{_comment(of)} {MARK}".strip(),
    ]  # fmt: skip


def _comment(of: str) -> str:
    """Whose account it is, for administrators, in characters that the files of accounts and terminals can hold."""
    return "".join(character if character.isprintable() and character not in ':,=\\"' else "?" for character in of)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _has_account(uid: int) -> bool:
    """Also one of a directory, which need not list its accounts."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _group(name: str) -> grp.struct_group | None:
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def _members() -> list[str]:
    group = _group(layout.PEOPLE_GROUP)
    return list(group.gr_mem) if group else []


def made_here(name: str) -> bool:
    """Whether this helper has made it; an administrator may have given older ones to the sign-on's people."""
    entry = _entry(name)
    return entry is not None and entry.pw_gecos.endswith(MARK) and _is_member(name) and name != layout.PROBE_USER


def _is_member(name: str) -> bool:
    return name in _members()


def _made_by_command(name: str) -> bool:
    """Whether `hubinstall user` has made it (machine/host_logins.py), and it still has that number."""
    try:
        made = json.loads(Path(layout.PEOPLE_MADE).read_text(encoding="utf-8"))
        return bool(made[name] == pwd.getpwnam(name).pw_uid)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _exists(home: NewHome) -> bool:
    return home.path.is_symlink() or home.path.exists()
