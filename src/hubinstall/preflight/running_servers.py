"""People's servers that a change of the settings would leave where no way leads to them any more.

A server is told at its start under which path it is reached and where the hub is, and it cannot be told anew. Only the
standard library here (see preflight).
"""

import re
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine.docker import docker
from hubinstall.machine.host import Host
from hubinstall.preflight import docker as preflight_docker

if TYPE_CHECKING:  # pydantic is not there yet when bootstrap asks
    from hubinstall.settings.model import Settings

Key = tuple[str, ...]
GRACE = 20
"""Seconds for a server to end its kernels by itself."""
SHOWN = 5


def changes(host: Host, settings: "Settings") -> dict[Key, str]:
    """The settings that are to change, of those that running servers cannot follow, and what they are now."""
    there = preflight_docker.subnet_of(host, layout.NETWORK)
    told = re.search(r'"base_url": "([^"]*)"', host.text(layout.HUB_SETTINGS))
    now = {("network", "subnet"): there, ("base_url",): told[1] if told else ""}
    new = {("network", "subnet"): str(settings.network.subnet), ("base_url",): settings.base_url}
    return {key: old for key, old in now.items() if old and old != new[key]}


def servers(host: Host, settings: "Settings") -> list[str]:
    """The containers of the servers that a change would strand. Docker is asked only when there is one."""
    return preflight_docker.user_servers(host) if changes(host, settings) else []


def end(host: Host, names: list[str]) -> None:
    """Let servers end in order. The hub sees that they have ended, takes their routes away and removes what is left;
    one that is started before the hub itself has changed is ended by the new hub (hubside/spawner.py, `poll`).
    """
    docker(host, "stop", "-t", str(GRACE), *names, check=False)
    host.forget()


def some(names: list[str]) -> str:
    """The first few of them."""
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
