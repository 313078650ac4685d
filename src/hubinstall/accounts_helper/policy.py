"""Whose accounts it answers about, and makes: accounts.json, which `apply` writes and only root can change."""

import json
import pwd
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from hubinstall import layout


@dataclass(frozen=True)
class Making:
    """What accounts are like that are made for people whom the hub's sign-on knows."""

    shell: str
    groups: tuple[str, ...]
    """Of each, beside its own."""
    known: tuple[str, ...] = ()
    """Accounts that are theirs, also if others have made them: config.yaml names them."""


@dataclass(frozen=True)
class Policy:
    """The content of accounts.json: the numbers (UIDs) that people's accounts have.

    `making`: None, and the file has no such key, if no accounts are made: a hub that somebody has taken over must not
    be able to do what it need not do. `new_password`: the least number of characters of a password that a person
    chooses; None, in the same way, where people have no passwords on this machine.
    """

    uid_min: int
    uid_max: int
    making: Making | None = None
    new_password: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError if a key is missing or unknown: accounts.json and this code belong together."""
        data = json.loads(text)
        making, new_password = data.pop("making", None), data.pop("new_password", None)
        _check(data, {"uid_min", "uid_max"})
        if making is not None:
            _check(making, {"shell", "groups", "known"})
            making = Making(making["shell"], tuple(making["groups"]), tuple(making["known"]))
        return cls(**data, making=making, new_password=new_password)

    @classmethod
    def load(cls, path: str) -> Self:
        return cls.parse(Path(path).read_text(encoding="utf-8"))

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}

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


def _check(data: dict[str, Any], names: set[str]) -> None:
    if set(data) != names:
        raise ValueError(f"missing or unknown keys: {', '.join(sorted(set(data) ^ names))}")
