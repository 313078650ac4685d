"""`rooms`: a server that the members of a group use together."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall import layout
from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.types import EnvironmentName, RoomName, ShareGroup, Title
from hubinstall.settings.values.words import type_name, wrong

ENVIRONMENT = "rooms"
"""The environment of a room that names none."""


class Room(Section):
    group: ShareGroup = Field(
        description="The group on this machine whose members open the room, start it and stop it.",
        examples=["project"],
    )
    title: Title | None = Field(
        None, description="What people call the room. Default: its name.", examples=["Project room"]
    )
    environment: EnvironmentName = Field(
        ENVIRONMENT,
        description="The environment of the room's server. It has jupyter-collaboration: `hubinstall environment add"
        " jupyter-collaboration --environment rooms`.",
        examples=["together"],
    )
    trusted: bool = Field(
        False,
        description="Whether the members trust each other with their own servers, too: without `https.subdomains` a"
        " page of the room can act as the member who looks at it.",
        examples=[True],
    )


def _map(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of rooms, not {type_name(value)}", "try `project: {group: project}`")


Rooms = Annotated[dict[RoomName, Room], BeforeValidator(_map)]


def account(name: str) -> str:
    """The account whose server and home a room's are. Nobody logs in with it."""
    return f"{layout.ROOM_PREFIX}{name}"


def room_conflicts(rooms: Rooms, *, subdomains: bool) -> list[Conflict]:
    """Rooms that would give members what is another's."""
    found = [
        Conflict(
            ("rooms", name, "group"), ("rooms",), f"{one.group} can act as root on this machine", "try another group"
        )
        for name, one in rooms.items()
        if one.group in {*layout.SUDO_GROUPS, *layout.STRONG_GROUPS}
    ]
    what = "needs https.subdomains, without which a page of the room can act as the member who looks at it"
    return found + [
        Conflict(
            ("rooms", name),
            ("rooms", "https"),
            what,
            f"try https.subdomains: true, or setting rooms.{name}.trusted if its members trust each other fully",
        )
        for name, one in rooms.items()
        if not (subdomains or one.trusted)
    ]
