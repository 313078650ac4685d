"""Rooms against what is on this machine: their accounts, and the environments that their servers have."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine import accounts
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

Words = tuple[tuple[str | int, ...], str, str]
COLLABORATION = "jupyter-collaboration"


def problems(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    there = accounts.accounts(host)
    for name, room in settings.rooms.items():
        account = f"{layout.ROOM_PREFIX}{name}"
        if account in there and there[account][4] != layout.ROOM_COMMENT:
            yield ("rooms", name), f"there is an account {account} already, which is no room", "try another name"
        if not accounts.CREATABLE.fullmatch(room.group) and not accounts.has_group(host, room.group):
            words = f"there is no group {room.group}, and none is created with such a name"
            yield ("rooms", name, "group"), words, "try creating it first (groupadd), or another group"
        if words := _without_collaboration(settings, facts, room.environment):
            add = f"hubinstall environment add {COLLABORATION} --environment {room.environment}"
            yield ("rooms", name, "environment"), words, f"try `{add}` first"


def _without_collaboration(settings: "Settings", facts: Facts, name: str) -> str:
    """Why the environment cannot be a room's; empty if it can. An image or a folder of the site's may have it."""
    if name == "default":
        return f"default is the environment of everyone, and {COLLABORATION} would be in their own servers"
    known = settings.environments.get(name)
    if known is not None and (known.base != "default" or known.folder):
        return ""
    lists = facts.environments.get(name, {})
    added = [
        *(known.python if known else ()),
        *(lists.get(file, "") for file in (layout.REQUIRED, layout.REQUIREMENTS)),
    ]
    there = any(COLLABORATION in text.lower().replace("_", "-") for text in added)
    return "" if there else f"the environment {name} has no {COLLABORATION}"
