"""People's servers that a change of the settings would cut off.

A server learns its own path and the hub's address when it starts, and cannot learn new ones. Only the standard library
here (see checks.py).
"""

import re
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine.docker import docker, shown
from hubinstall.machine.host import Host
from hubinstall.preflight import docker as preflight_docker

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

Key = tuple[str, ...]
GRACE = 20
"""Seconds that a server gets to stop its kernels."""
SHOWN = 5


def changes(host: Host, settings: "Settings") -> dict[Key, str]:
    """Of the settings that running servers cannot follow, those that would change, with their current values."""
    there = preflight_docker.subnet_of(host, layout.NETWORK)
    known = host.text(layout.HUB_SETTINGS)
    base_url, apart = _told("base_url", known), _told("subdomain_host", known)
    own = "true" if apart else "false"
    now = {("network", "subnet"): there, ("base_url",): base_url, ("https", "subdomains"): own if known else ""}
    new = {
        ("network", "subnet"): str(settings.network.subnet),
        ("base_url",): settings.base_url,
        ("https", "subdomains"): "true" if settings.wildcard else "false",
    }
    if apart and settings.wildcard:
        now["domain",] = apart.removeprefix("https://")
        new["domain",] = settings.domain or ""
    return {key: old for key, old in now.items() if old and old != new[key]}


def _told(key: str, hub_settings: str) -> str:
    found = re.search(rf'"{key}": "([^"]*)"', hub_settings)
    return found[1] if found else ""


def servers(host: Host, settings: "Settings") -> list[str]:
    """The containers of the servers that a change would cut off. Docker is asked only if there is a change."""
    return preflight_docker.user_servers(host) if changes(host, settings) else []


def end(host: Host, names: list[str]) -> None:
    """Stop servers cleanly. The hub notices, deletes their routes and removes their containers. The new hub stops a
    server that was started in between (hubside/spawner.py, `poll`).
    """
    docker(host, "stop", "-t", str(GRACE), *names, check=False)


def some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    return ", ".join(map(shown, names[:SHOWN])) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
