"""Rooms: an account for each, and what the hub knows of them."""

from hubinstall import layout
from hubinstall.hubside.rooms import Room
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts import room
from hubinstall.resources.accounts.host_logins import NoHostLogins
from hubinstall.resources.base import Resource, id_of
from hubinstall.settings.model import Settings
from hubinstall.settings.rooms import account


def rooms(settings: Settings, facts: Facts) -> list[Resource]:
    """The accounts. The hub needs them when it starts."""
    least = settings.users.uids(facts.uid_min)[0]
    needs = (id_of(NoHostLogins, layout.NO_LOGIN_GROUP),)
    return [room.Room(account(name), one.group, uid_min=least, needs=needs) for name, one in settings.rooms.items()]


def described(settings: Settings) -> tuple[Room, ...]:
    """For the hub."""
    return tuple(
        Room(name, one.title or name, one.group, account(name), one.environment) for name, one in settings.rooms.items()
    )


def accounts_in(settings: Settings, group: str) -> tuple[str, ...]:
    """The accounts of the rooms of a group, which are in it, too."""
    return tuple(account(name) for name, one in settings.rooms.items() if one.group == group)
