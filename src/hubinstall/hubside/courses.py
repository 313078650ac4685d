"""The courses that the hub knows of (hub.json)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """`name`: that of the group of its members and of the share with its material. `teachers`: names of config.yaml."""

    name: str
    title: str
    teachers: tuple[str, ...]
