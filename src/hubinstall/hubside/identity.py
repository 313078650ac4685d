"""Who a name stands for: the hub knows people by name, the machine by number (UID).

An account can be removed and its name given to somebody else, or its number. So the hub remembers the number that it
last knew under each name. Another number is another person, as it is for the machine's files.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside.accounts import Account

ACCOUNTS = "/etc/passwd"


@dataclass(frozen=True)
class Known:
    """The account that the hub last knew under a name."""

    uid: int
    local: bool
    """Whether it is in this machine's /etc/passwd. Others come from a directory (SSSD, LDAP), which may be away."""


class People:
    """Name → account, kept in a file of the hub's state."""

    def __init__(self) -> None:
        self._path = Path(layout.KNOWN_PEOPLE)
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self._known = {name: Known(**known) for name, known in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = from_servers(Path(layout.SERVER_ACCOUNTS))

    def known(self, name: str) -> Known | None:
        return self._known.get(name)

    def change(self, account: Account) -> str | None:
        """Why this account is not the one that the hub knows under its name; None if it is, or the name is new."""
        known = self._known.get(account.name)
        if known is None or known.uid == account.uid:
            return None
        return f"The account {account.name} is another one now: its number was {known.uid} and is {account.uid}."

    def remember(self, account: Account) -> None:
        """From now on the name stands for this account."""
        known = Known(account.uid, is_local(account.name))
        if known == self._known.get(account.name):
            return
        self._known[account.name] = known
        text = json.dumps({name: asdict(each) for name, each in sorted(self._known.items())}, indent=1)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(f"{text}\n", encoding="utf-8")
        temporary.rename(self._path)


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
