"""GPUs are lent: each to one server at a time, for as long as its container is there.

Who has which is read from the labels of the containers, and nowhere else, so that a restart of the hub, of the broker,
or of Docker changes nothing. Only what Docker has been asked for and has not answered yet is kept in memory, and each
start of a container looks again: whatever has become of an answer, no GPU is used by two.
"""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from hubinstall import layout
from hubinstall.broker.engine import Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import BusyError
from hubinstall.hubside.profiles import holds, lent

_LOCK = threading.Lock()
_PROMISED: dict[str, str] = {}
"""GPU → the name or the id of the container, while Docker is creating or starting it."""


def lend(policy: Policy, engine: Engine, name: str, count: int) -> tuple[str, ...]:
    """Choose GPUs for the container with this name, promised to it until Docker has answered. Raises BusyError."""
    with _LOCK:
        taken = {gpu for found in _holders(engine) for gpu in lent(found)}
        free = [gpu for gpu in policy.gpus if gpu not in taken and _PROMISED.get(gpu, name) == name]
        if len(free) < count:
            raise BusyError(_words(policy, len(free), count))
        chosen = tuple(free[:count])
        _PROMISED.update(dict.fromkeys(chosen, name))
        return chosen


def keep(gpus: Iterable[str]) -> Callable[[], None]:
    """What ends the promise, when Docker has answered: from then on the container's label counts."""

    def done() -> None:
        with _LOCK:
            for gpu in gpus:
                _PROMISED.pop(gpu, None)

    return done


def check_start(policy: Policy, engine: Engine, container: dict[str, Any]) -> tuple[str, ...]:
    """The GPUs of a container that is to be started, promised to it. Raises BusyError if another has one of them.

    `container`: Docker's inspect of it.
    """
    mine = lent(container.get("Config") or {})
    if not mine:
        return ()
    with _LOCK:
        others = {gpu for found in _holders(engine) if found["Id"] != container["Id"] for gpu in lent(found)}
        if any(gpu in others or _PROMISED.get(gpu, container["Id"]) != container["Id"] for gpu in mine):
            raise BusyError(_words(policy, 0, len(mine)))
        _PROMISED.update(dict.fromkeys(mine, container["Id"]))
        return mine


def given(config: dict[str, Any], gpus: Iterable[str]) -> None:
    """Put them into a HostConfig: a device of the machine by its path, NVIDIA's by its UUID."""
    paths = [gpu for gpu in gpus if gpu.startswith("/")]
    ids = [gpu for gpu in gpus if not gpu.startswith("/")]
    devices = [{"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rw"} for path in paths]
    if devices:
        config["Devices"] = [*config.get("Devices", ()), *devices]
    if ids:
        request = {"Driver": "nvidia", "DeviceIDs": ids, "Capabilities": [["gpu"]]}
        config["DeviceRequests"] = [*config.get("DeviceRequests", ()), request]


def _holders(engine: Engine) -> list[dict[str, Any]]:
    """The containers that have GPUs, as Docker lists them."""
    asked = {"all": "1", "filters": json.dumps({"label": [layout.GPU_LABEL]})}
    found: list[dict[str, Any]] = engine.ask("/containers/json", asked) or []
    return [one for one in found if holds(one)]


def _words(policy: Policy, free: int, count: int) -> str:
    there = len(policy.gpus)
    if not there:
        return "This machine has no GPU to lend. Choose something else, or ask its administrator."
    if count > there:
        return f"This machine has {there} GPU{'' if there == 1 else 's'}, and a server with {count} cannot start on it."
    what = "The GPU of this machine is" if there == 1 else f"The {there} GPUs of this machine are"
    some = f" ({free} of {there} free, {count} needed)" if free else ""
    return f"{what} in use{some}. Try again later, or choose a start without one."
