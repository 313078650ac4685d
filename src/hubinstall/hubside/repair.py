"""What the hub repairs by itself when somebody has cleaned up Docker: the network of people's servers, and their image.

`docker system prune`, `docker network prune` and `docker rmi` remove what no container uses at that moment: at night,
everything. With the network goes the hub's own address, so the hub's launcher and a watch repair it as well as the next
start of a server. Only one repair is at work at a time: of several starts, the first one repairs.

`python -m hubinstall.hubside.repair` repairs the network; the launcher runs it.
"""

import asyncio
import functools
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.types import IPAMConfig, IPAMPool

from hubinstall import layout
from hubinstall.hubside import cgroups
from hubinstall.hubside.images import ImageSource
from hubinstall.hubside.network import ServerNetwork, devices_here, upper_half
from hubinstall.hubside.settings import HubSettings

TIMEOUT = 600
"""Seconds that Docker may be silent, for example while it unpacks an image."""
EVERY = 1.0
"""Seconds between two checks whether this machine has the hub's address."""
AGAIN = 5.0
"""Seconds until a repair that failed is tried again."""
Say = Callable[[str], object]


class RepairError(Exception):
    """It cannot be repaired from here; the message is a sentence for people."""


class Repairs:
    """Checks and repairs for one hub, one after the other in a thread of their own."""

    def __init__(self, settings: HubSettings, client: Any = None) -> None:
        self._settings, self._known_client = settings, client
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="repair")
        self._failed: tuple[float, str] = (-AGAIN, "")

    async def before_start(self, image: str, say: Say) -> None:
        """What a server's container needs is there, or RepairError. `say` is told what is being repaired."""
        wanted = image if self._settings.source_of(image) else ""  # another image is a drop-in's
        await asyncio.get_running_loop().run_in_executor(self._thread, self._ensure, wanted, say)

    async def watch(self, say: Say) -> None:
        """Repair the network whenever the hub's address is gone; never returns. `say` is told what happened."""
        told = ""
        while True:
            await asyncio.sleep(EVERY)
            if has_address(self._settings.network.gateway):
                told = ""
                continue
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._ensure, "", say)
            except (RepairError, DockerException, OSError) as error:
                if (words := str(error)) != told:
                    say(words)
                told = words

    def _ensure(self, wanted: str, say: Say) -> None:
        client, settings = self._client(), self._settings
        steps: list[tuple[bool, Callable[[], None]]] = [
            (network_differs(client, settings.network) is None, lambda: repair_network(client, settings.network, say)),
            *(
                (False, functools.partial(repair_image, client, *one, say))
                for one in lost_images(client, settings, wanted)
            ),
        ]
        for repair in [repair for well, repair in steps if not well]:
            self._try(repair)

    def _try(self, repair: Callable[[], None]) -> None:
        if time.monotonic() - self._failed[0] < AGAIN:
            raise RepairError(self._failed[1])
        if not self._settings_are_current():
            raise RepairError("The configuration of this hub is being changed. Try again in a minute.")
        try:
            repair()
        except (RepairError, APIError) as error:
            words = str(error) if isinstance(error, RepairError) else str(error.explanation or error)
            self._failed = (time.monotonic(), words)
            raise RepairError(words) from error

    def _settings_are_current(self) -> bool:
        """Not if `apply` is about to restart the hub with others: then it also changes the network."""
        try:
            return HubSettings.load(layout.HUB_SETTINGS) == self._settings
        except (OSError, ValueError):
            return False

    def _client(self) -> Any:
        if self._known_client is None:
            self._known_client = connect()
        return self._known_client


_of_this_hub: list[Repairs] = []


def of_this_hub() -> Repairs:
    """The one that the hub's watch and all starts share: two at a time would be in each other's way."""
    if not _of_this_hub:
        _of_this_hub.append(Repairs(HubSettings.load(layout.HUB_SETTINGS)))
    return _of_this_hub[0]


def unknown_to(client: Any) -> set[str]:
    """The ids of running servers that Docker does not know, because its data directory was moved. Each still has its
    address, and only root can end it.
    """
    if not (there := cgroups.running(names_in, text_of)):
        return set()
    unknown = there.keys() - {container["Id"] for container in client.containers(all=True)}
    return unknown & cgroups.running(names_in, text_of).keys()  # still there: not one that was just removed


def names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def connect() -> Any:
    return docker.APIClient(base_url=f"unix://{layout.BROKER_SOCKET}", version="auto", timeout=TIMEOUT)


def has_address(address: str) -> bool:
    """Whether it is one of this machine's addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def network_differs(client: Any, wanted: ServerNetwork) -> list[str] | None:
    """None: it is there, as it must be. Otherwise what differs; nothing if there is no such network."""
    found = inspect(client.inspect_network, wanted.name)
    if found is None:
        return []
    return wanted.differences(found, devices_here()) or None


def repair_network(client: Any, wanted: ServerNetwork, say: Say) -> None:
    """Create the network, or replace one that differs if nothing runs on it."""
    found = inspect(client.inspect_network, wanted.name)
    if found is not None:
        differing = ", ".join(wanted.differences(found, devices_here()))
        if there := sorted(container["Name"] for container in (found.get("Containers") or {}).values()):
            raise RepairError(
                f"The Docker network {wanted.name} differs from its configuration ({differing}), and containers run"
                f" on it ({', '.join(there[:5])}). The administrator of this machine can fix it: hubinstall apply"
            )
        say(f"Replacing the Docker network {wanted.name}: it differs from its configuration ({differing})")
        client.remove_network(found["Id"])
    else:
        say(f"Creating the Docker network {wanted.name}: somebody has removed it")
    # Docker gives addresses from below: those of servers that it does not know are not given away a second time.
    above = upper_half(wanted.subnet) if unknown_to(client) else None
    pool = IPAMPool(subnet=wanted.subnet, gateway=wanted.gateway, iprange=above)
    try:
        client.create_network(
            wanted.name, driver="bridge", options=wanted.options, ipam=IPAMConfig(pool_configs=[pool]),
            check_duplicate=True,
        )  # fmt: skip
    except APIError as error:
        if network_differs(client, wanted) is None:
            return  # `apply` was faster
        raise RepairError(
            f"Docker cannot create the network {wanted.name}: {error.explanation or error}. The administrator of this"
            " machine can see more with: hubinstall apply"
        ) from error
    if differing := ", ".join(network_differs(client, wanted) or []):
        raise RepairError(f"The Docker network {wanted.name} was created, but differs: {differing}")


def lost_images(client: Any, settings: HubSettings, wanted: str) -> list[tuple[str, ImageSource]]:
    """What is missing of an image and of those that it is a layer upon, the lowest first."""
    source = settings.source_of(wanted)
    if source is None or has_image(client, wanted):
        return []
    return [*lost_images(client, settings, settings.layers.get(wanted, "")), (wanted, source)]


def has_image(client: Any, name: str) -> bool:
    return inspect(client.inspect_image, name) is not None


def repair_image(client: Any, name: str, source: ImageSource, say: Say) -> None:
    """Bring the image back: under another name, from its copy on the disk, or from its registry."""
    say("Bringing back the image of the servers: somebody has removed it")
    repository, _, tag = name.rpartition(":")
    for id_ in kept(client, source):
        client.tag(id_, repository, tag)
        return
    try:
        if source.archive:
            finish(client.load_image(name.encode()))  # the broker puts the machine's own copy there
        elif (note := source.pinned()).get("digest"):
            finish(client.pull(note["digest"], stream=True, decode=True))
            client.tag(note["id"], repository, tag)
    except (DockerException, OSError) as error:
        raise missing(name, f": {error}") from error
    if not has_image(client, name):
        raise missing(name)


def missing(name: str, why: str = "") -> RepairError:
    return RepairError(
        f"This machine no longer has the image {name}{why}. Its administrator can bring it back with: hubinstall apply"
    )


def kept(client: Any, source: ImageSource) -> list[str]:
    """The ids of the same image that has only lost the name; not of one that a Dockerfile has made of it, which has the
    label, too, and more layers.
    """
    labelled = client.images(filters={"label": source.label}) if source.label else []
    found = [image["Id"] for image in labelled if layers(client, image["Id"]) == 1]
    id_ = source.pinned().get("id")
    return [*found, *([id_] if id_ and has_image(client, id_) else [])]


def layers(client: Any, id_: str) -> int:
    """How many layers an image has; an imported one has one."""
    try:
        return len(client.inspect_image(id_)["RootFS"]["Layers"])
    except NotFound:
        return 0


def finish(events: Iterable[dict[str, Any]]) -> None:
    """Read Docker's progress to its end; an error is an event, too."""
    for event in events:
        if "error" in event:
            raise DockerException(event["error"])


def inspect(ask: Callable[[str], Any], name: str) -> Any:
    try:
        return ask(name)
    except NotFound:
        return None


def main() -> int:
    network = HubSettings.load(layout.HUB_SETTINGS).network
    try:
        client = connect()
        if network_differs(client, network) is not None:
            repair_network(client, network, lambda words: print(words, file=sys.stderr))
    except (RepairError, DockerException, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
