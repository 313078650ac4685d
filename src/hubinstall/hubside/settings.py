"""What the hub needs to know of an installation: one JSON file, written by `apply` (blueprint/hub.py)."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from hubinstall.hubside.limits import ServerLimits


@dataclass(frozen=True)
class HubSettings:
    """The content of hub.json."""

    base_url: str
    gateway: str
    """The host's address on the user servers' network: all that the hub listens on."""
    admins: tuple[str, ...]
    allowed: tuple[str, ...]
    allow_all: bool
    banned: tuple[str, ...]
    uid_min: int
    uid_max: int
    image: str
    limits: ServerLimits
    cgroup_parent: str
    cores: int
    """Of the machine: so many servers start at once."""
    group_shares: dict[str, str]
    """Share → the host group whose members may write. The others are read-only, and not named here."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError where a key is missing or unknown: hub.json and this code belong together."""
        data = checked(cls, json.loads(text))
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values | {"limits": ServerLimits(**checked(ServerLimits, values["limits"]))})

    @classmethod
    def load(cls, path: str) -> Self:
        return cls.parse(Path(path).read_text(encoding="utf-8"))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def checked(kind: type[HubSettings | ServerLimits], data: dict[str, Any]) -> dict[str, Any]:
    """`data`, which has exactly the keys that the class has fields; else ValueError."""
    names = {field.name for field in fields(kind)}
    if set(data) != names:
        raise ValueError(f"keys that do not fit: {', '.join(sorted(set(data) ^ names))}")
    return data
