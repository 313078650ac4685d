"""Who is here: people's servers that run, from the hub, from Docker, and from the kernel's control groups."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from hubinstall import layout
from hubinstall.hubside import container_use
from hubinstall.hubside.container_use import Use
from hubinstall.machine import accounts
from hubinstall.machine.docker import is_stopped
from hubinstall.machine.host import Host
from hubinstall.quotas import homes, kernel
from hubinstall.settings.model import Settings
from hubinstall.verify.health import of_hub

PAGE = 200
"""People that the hub names at once, at most (JupyterHub's `api_page_max_limit`)."""
FILTER = quote(json.dumps({"label": [layout.USER_LABEL]}))
Key = tuple[str, str]


@dataclass(frozen=True)
class Server:
    """One that runs. `server`: its name, empty for the usual one; `state`: ready, starting, stopping, or unknown where
    the hub does not say; `started`, `last_activity`: seconds since the epoch, 0 for unknown; `cpu`: cores, on average
    over a second; `memory`, `memory_limit`, `home`, `home_limit`: bytes, a limit of 0 is none. `home` is null where
    there is no quota, because it would have to be counted.
    """

    person: str
    server: str
    state: str
    image: str
    started: float
    last_activity: float
    cpu: float
    memory: int
    memory_limit: int
    home: int | None
    home_limit: int


@dataclass(frozen=True)
class Found:
    """`servers`: the one with the most memory first; `notes`: what could not be found out, in words."""

    servers: tuple[Server, ...]
    notes: tuple[str, ...] = ()


def found(host: Host, settings: Settings, seconds: float = 1.0) -> Found:
    """All of people's; the probe's is no person's. `seconds`: over which processor time is measured."""
    notes: list[str] = []
    containers, models = _containers(host, notes), _models(host, settings, notes)
    usage = _usage(host, [container["Id"] for container in containers.values()], seconds)
    stored = _homes(host, settings, {person for person, _ in containers})
    servers = [
        _server(key, container, models.get(key, {}), usage.get(container["Id"], (Use(), 0.0)), stored.get(key[0]))
        for key, container in containers.items()
    ]
    return Found(tuple(sorted(servers, key=lambda one: (-one.memory, one.person, one.server))), tuple(notes))


def _server(
    key: Key, container: dict[str, Any], model: dict[str, Any], used: tuple[Use, float], home: kernel.Usage | None
) -> Server:
    use, cpu = used
    pending = {"spawn": "starting", "stop": "stopping"}.get(str(model.get("pending")), "")
    return Server(
        *key, pending or ("ready" if model.get("ready") else "unknown"), str(container.get("Image", "")),
        _seconds(model.get("started")) or float(container.get("Created", 0)), _seconds(model.get("last_activity")),
        cpu, use.memory, use.memory_limit, home.used if home else None, home.limit if home else 0,
    )  # fmt: skip


def _containers(host: Host, notes: list[str]) -> dict[Key, dict[str, Any]]:
    """Those that run, by whose they are and their name."""
    status, body = (
        (0, b"") if is_stopped(host) else host.ask(layout.DOCKER_SOCKET, f"/containers/json?filters={FILTER}")
    )
    if status != 200:
        notes.append("Docker does not answer, so no server is known")
        return {}
    found = {}
    for container in json.loads(body):
        labels = container.get("Labels") or {}
        found[labels[layout.USER_LABEL], labels.get(layout.SERVER_LABEL, "")] = container
    return {key: container for key, container in found.items() if key[0] != layout.PROBE_USER}


def _models(host: Host, settings: Settings, notes: list[str]) -> dict[Key, dict[str, Any]]:
    """What the hub says of each server that is active."""
    found: dict[Key, dict[str, Any]] = {}
    for user in _users(host, settings, notes):
        found |= {(user["name"], name): model for name, model in (user.get("servers") or {}).items()}
    return found


def _users(host: Host, settings: Settings, notes: list[str]) -> Iterator[dict[str, Any]]:
    token, begin = host.text(layout.VERIFY_TOKEN).strip(), 0
    while True:
        answer = of_hub(settings, f"hub/api/users?state=active&offset={begin}&limit={PAGE}", token=token)
        if answer.status != 200 or not isinstance(answer.data, list):
            notes.append(f"the hub does not list the servers, so their states are unknown: {answer.words}")
            return
        yield from answer.data
        if len(answer.data) < PAGE:
            return
        begin += PAGE


def _usage(host: Host, ids: list[str], seconds: float) -> dict[str, tuple[Use, float]]:
    """Container id → what it uses, and its cores over the next `seconds`."""
    folders = {
        id_: (str(host.path(memory)), str(host.path(cpu)))
        for id_, (memory, cpu) in container_use.folders(host.names, ids).items()
    }
    if not folders:
        return {}
    begun, before = time.monotonic(), {id_: container_use.cpu_seconds(cpu) for id_, (_, cpu) in folders.items()}
    host.wait(seconds)
    passed, after = time.monotonic() - begun, {id_: container_use.use(*both) for id_, both in folders.items()}
    return {id_: (use, max(0.0, (use.cpu - before[id_]) / passed)) for id_, use in after.items()}


def _homes(host: Host, settings: Settings, people: set[str]) -> dict[str, kernel.Usage]:
    """What the kernel counts, for those whose homes have a quota."""
    found: dict[str, kernel.Usage] = {}
    folder = str(host.path(layout.HOMES))
    for name, row in accounts.find(host, sorted(people)).items() if settings.home.has_quotas else ():
        with (
            suppress(OSError, ValueError, homes.SkippedError),
            homes.opened(folder, str(host.path(accounts.tidy(row[5]))), int(row[2])) as home,
        ):
            found[name] = kernel.usage(home, int(row[2]))
    return found


def _seconds(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
