"""Who a name stands for: the hub knows people by name, the machine by number (UID).

An account can be removed and its name given to somebody else, or its number. So the hub remembers the number that it
last knew under each name: another number is another person, as it is for the machine's files. Of accounts in
/etc/shadow it also remembers the accounts helper's fingerprint of the password: another one is a changed password, or
an account that was made again.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside import kept_file
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.states import States, differ

ACCOUNTS = "/etc/passwd"


@dataclass(frozen=True)
class Known:
    """The account that the hub last knew under a name."""

    uid: int
    local: bool
    """Whether it is in this machine's /etc/passwd. Others come from a directory (SSSD, LDAP), which may be away."""
    password: str = ""
    """Its fingerprint (helper.Entry); empty if the account has none there."""


class BusyError(Exception):
    """The password of this account is just being changed."""


class People:
    """Name → account, kept in a file of the hub's state."""

    def __init__(self) -> None:
        self.states = States()
        self._changing: set[str] = set()
        self._path = Path(layout.KNOWN_PEOPLE)
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self._known = {name: Known(**known) for name, known in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = from_servers(Path(layout.SERVER_ACCOUNTS))

    def known(self, name: str) -> Known | None:
        return self._known.get(name)

    def is_elsewhere(self, name: str) -> bool:
        """Whether the account was in a directory, not in this machine's files."""
        known = self._known.get(name)
        return known is not None and not known.local

    def last_known(self, name: str) -> Account | None:
        """The account as far as the hub remembers it, for when a directory does not answer."""
        known = self._known.get(name)
        return Account(name, known.uid, known.uid, "") if known else None

    def ended(self, name: str) -> str:
        """Why the account itself may no longer be used (locked, expired), in words; empty if it may. The probe's is
        locked between its checks, while its last server is still being stopped.
        """
        entry = self.states.entry(name) if name != layout.PROBE_USER else None
        return entry.ended if entry else ""

    def change(self, account: Account) -> str | None:
        """Why this account is not the one that the hub knows under its name; None if it is, or the name is new."""
        name, known = account.name, self._known.get(account.name)
        if known is None:
            return None
        if known.uid != account.uid:
            return f"The account {name} is another one now: its number was {known.uid} and is {account.uid}."
        if name not in self._changing and differ(known.password, self._password(name)):
            return f"The password of {name} was changed, or the account was made again."
        return None

    def remember(self, account: Account) -> None:
        """From now on the name stands for this account."""
        before = self._known.get(account.name)
        kept = before.password if before and before.uid == account.uid else ""
        self._keep(account, self._password(account.name) or kept)

    @contextlib.contextmanager
    def changing(self, name: str) -> Iterator[None]:
        """While it lasts, another password of this account ends nothing: its own person is setting it (own_password).
        Raises BusyError if that is so already.
        """
        if name in self._changing:
            raise BusyError
        self._changing.add(name)
        try:
            yield
        finally:
            self._changing.discard(name)

    def changed(self, account: Account, password: str) -> None:
        """The account's own person has set the password with this fingerprint, and it is still the same person's."""
        self._keep(account, password)

    def _keep(self, account: Account, password: str) -> None:
        known = Known(account.uid, is_local(account.name), password)
        if known == self._known.get(account.name):
            return
        self._known[account.name] = known
        text = json.dumps({name: asdict(each) for name, each in sorted(self._known.items())}, indent=1)
        try:
            kept_file.keep(self._path, f"{text}\n", 0o600)
        except OSError as error:  # the hub knows it until its next start, where the account is as new
            sys.stderr.write(f"hubinstall: warning: {self._path} was not written: {error}\n")

    def is_new(self, account: Account) -> bool:
        """Whether the hub does not know all that it could of it: an earlier version kept the number only, or a digest
        with another key.
        """
        known, password = self._known.get(account.name), self._password(account.name)
        return known is None or (bool(password) and known.password != password and not differ(known.password, password))

    def _password(self, name: str) -> str:
        entry = self.states.entry(name) if name != layout.PROBE_USER else None
        return entry.fingerprint if entry else ""


def from_servers(folder: Path) -> dict[str, Known]:
    """What the passwd files of servers say (accounts.passwd_text), for a hub that has not kept a list so far."""
    found = {}
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*.passwd"), key=lambda path: path.stat().st_mtime):
            with contextlib.suppress(OSError, ValueError, IndexError):
                name, _, uid, *_ = path.read_text(encoding="utf-8").splitlines()[-1].split(":")
                found[name] = Known(int(uid), is_local(name))
    return found


def is_local(name: str) -> bool:
    with contextlib.suppress(OSError):
        lines = Path(ACCOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()
        return any(line.startswith(f"{name}:") for line in lines)
    return False
