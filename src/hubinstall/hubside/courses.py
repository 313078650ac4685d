"""The courses that the hub knows of (hub.json)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """`name`: that of the share with its material. `groups`: of its members, and of its teachers. `teachers`: names of
    config.yaml.
    """

    name: str
    title: str
    groups: tuple[str, ...]
    teachers: tuple[str, ...]
