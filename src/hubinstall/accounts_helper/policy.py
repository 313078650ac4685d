"""Whose accounts it answers about: accounts.json, which `apply` writes and only root can change."""

import json
import pwd
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from hubinstall import layout


@dataclass(frozen=True)
class Policy:
    """The content of accounts.json: the numbers (UIDs) that people's accounts have."""

    uid_min: int
    uid_max: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError if a key is missing or unknown: accounts.json and this code belong together."""
        data = json.loads(text)
        if set(data) != (names := {one.name for one in fields(cls)}):
            raise ValueError(f"missing or unknown keys: {', '.join(sorted(set(data) ^ names))}")
        return cls(**data)

    @classmethod
    def load(cls, path: str) -> Self:
        return cls.parse(Path(path).read_text(encoding="utf-8"))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def admits(self, name: str) -> bool:
        """Whether this is exactly the name of a person's account of this machine, or of the one with which `hubinstall
        verify` logs in. The hub's own rule (hubside/rights.py) is the same, and its lists come on top.
        """
        try:
            entry = pwd.getpwnam(name)
        except (KeyError, ValueError, UnicodeError):
            return False
        if entry.pw_name != name or name in {layout.HUB_USER, layout.PROXY_USER}:
            return False
        if entry.pw_uid == 0:
            return False  # whatever its name is
        if name == layout.PROBE_USER:
            return True
        return self.uid_min <= entry.pw_uid <= self.uid_max and entry.pw_uid not in layout.RESERVED_UIDS
