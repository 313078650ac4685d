"""Whose servers run, and what they use: what a page of the hub and /metrics show. The probe is no person."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hubinstall import layout
from hubinstall.hubside.container_use import Use
from hubinstall.hubside.meter import Measured, Meter

METER = Meter()
"""Of this hub."""
PATIENCE = 2.0
"""Seconds for Docker to say which images servers have."""
_PENDING = {"spawn": "starting", "stop": "stopping"}


@dataclass(frozen=True)
class Server:
    """`name`: empty for a person's usual one. `state`: ready, starting, stopping or unknown. `started`,
    `last_activity`: seconds since the epoch, 0 for unknown. `cpu`: cores. Memory in bytes; a limit of 0 is none.
    """

    person: str
    name: str
    state: str
    image: str
    started: float
    last_activity: float
    cpu: float
    memory: int
    memory_limit: int


def spawners(users: Iterable[Any]) -> Iterator[Any]:
    """JupyterHub's, of people's servers that are active."""
    for user in users:
        for spawner in list(user.spawners.values()) if user.name != layout.PROBE_USER else ():
            if spawner.active:
                yield spawner


def container_of(spawner: Any) -> str:
    """The id of its container; empty if it has none, as with a class of a drop-in's."""
    return getattr(spawner, "object_id", "") or ""


def described(spawner: Any, measured: Measured | None, image: str) -> Server:
    use = measured.use if measured else Use()
    row = spawner.orm_spawner
    return Server(
        spawner.user.name, spawner.name,
        _PENDING.get(str(spawner.pending), "ready" if spawner.ready else "unknown"),
        image, seconds(row.started), seconds(row.last_activity),
        measured.cores if measured else 0.0, use.memory, use.memory_limit,
    )  # fmt: skip


async def described_all(wanted: list[Any]) -> list[tuple[Any, Server]]:
    """Each spawner with its server, the one with the most memory first."""
    measured = METER.read({id_ for one in wanted if (id_ := container_of(one))})
    await IMAGES.learn(wanted)
    found = [(one, described(one, measured.get(container_of(one)), IMAGES.of(one))) for one in wanted]
    return sorted(found, key=lambda each: (-each[1].memory, each[1].person, each[1].name))


class Images:
    """Of containers. A spawner knows the image that its next start would have."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def learn(self, wanted: list[Any]) -> None:
        """Ask Docker once for those that are new. If it does not answer, the next look asks again."""
        ids = {container_of(one): one for one in wanted if container_of(one)}
        self._known = {id_: image for id_, image in self._known.items() if id_ in ids}
        new = ids.keys() - self._known.keys()
        if not new:
            return
        try:
            there = await asyncio.wait_for(ids[new.pop()].docker("containers"), PATIENCE)
        except Exception:  # noqa: BLE001 - whatever a client of Docker raises, the page is shown
            return
        self._known |= {each["Id"]: str(each["Image"]) for each in there if each["Id"] in ids}

    def of(self, spawner: Any) -> str:
        return self._known.get(container_of(spawner)) or str(getattr(spawner, "image", ""))


IMAGES = Images()


def seconds(moment: datetime | None) -> float:
    """JupyterHub's database keeps UTC without saying so."""
    if moment is None:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
