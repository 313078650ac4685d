"""Whom a provider of a sign-on means by an account: it knows people by an ID of its own, and names may change owners.

The first who signs on to an account is the one whom it belongs to from then on. Who gets another name at the provider
keeps the account; who gets a name that was somebody else's does not get that one's account.
"""

import json
from pathlib import Path

from hubinstall import layout


class Subjects:
    """Account → provider → the person's ID there, kept in a file of the hub's state."""

    def __init__(self) -> None:
        self._path = Path(layout.SIGNED_ON)
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self._known = {str(name): {str(k): str(v) for k, v in ids.items()} for name, ids in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = {}

    def account(self, provider: str, subject: str) -> str:
        """The account to which this person has signed on before; empty if there is none."""
        return next((name for name, ids in self._known.items() if ids.get(provider) == subject), "")

    def is_somebody_elses(self, account: str, provider: str, subject: str) -> bool:
        return self._known.get(account, {}).get(provider, subject) != subject

    def remember(self, account: str, provider: str, subject: str) -> None:
        if self._known.get(account, {}).get(provider) != subject:
            self._known.setdefault(account, {})[provider] = subject
            self._write()

    def forget(self, account: str) -> None:
        """The account is free for the next who signs on under its name."""
        if self._known.pop(account, None) is not None:
            self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_text(f"{json.dumps(self._known, indent=1, sort_keys=True)}\n", encoding="utf-8")
        temporary.chmod(0o600)
        temporary.rename(self._path)
