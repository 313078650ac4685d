"""The rooms that the hub knows of (hub.json)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A server that the members of a host group use together. `account`: whose server and home it is; nobody logs in
    with it. `environment`: the one of the hub's environments that it has.
    """

    name: str
    title: str
    group: str
    account: str
    environment: str
