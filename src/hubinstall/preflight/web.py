"""What prevents nginx from listening where people reach the hub. Only the standard library here (see checks.py)."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import Listener, listeners
from hubinstall.machine.nginx_sites import reads_our_folder

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.machine.facts import Facts
    from hubinstall.settings.model import Settings

Words = tuple[str, str]
"""What is wrong, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """The ports on which nginx is to listen, at one address, or at every address if `address` is None."""

    ports: frozenset[int]
    address: str | None = None

    def collides(self, other: Listener) -> bool:
        anywhere = self.address is None or ipaddress.ip_address(self.address).is_unspecified
        return anywhere or other.anywhere or other.address == self.address


USUAL = Wanted(frozenset({80, 443}))


def wanted(settings: "Settings") -> Wanted:
    if settings.tls_mode != "off":
        return USUAL
    return Wanted(frozenset({settings.http.port}), settings.http.address)


def at_first_sight(host: Host) -> Wanted:
    """Before the settings can be read: the usual ports, or none if a file may say otherwise. (Apply checks again.)"""
    return Wanted(frozenset()) if host.exists(layout.CONFIG_FILE) else USUAL


def taken_ports(host: Host, wanted: Wanted) -> Iterator[Words]:
    """Debian's nginx is used as it is, no matter who started it."""
    found: dict[str, set[int]] = {}
    for listener in listeners(host, set(wanted.ports)):
        ours = listener.program == "nginx" and reads_our_folder(host, listener.pid)
        if wanted.collides(listener) and not ours:
            found.setdefault(str(listener), set()).add(listener.port)
    for program, ports in found.items():
        hint = (
            f"Debian's nginx (with {layout.NGINX_DIR}) needs {numbers(wanted.ports)}. Stop the other program and "
            "disable it, or make it listen elsewhere, and run it again. If it is a web server that should stay in "
            "front of the hub, set https.mode to off, and http.port."
        )
        yield f"port {numbers(ports)} is used by {program}", hint


def numbers(ports: Iterable[int]) -> str:
    return " and ".join(map(str, sorted(ports)))


def wrong_address(settings: "Settings", facts: "Facts") -> Words | None:
    """Why nginx cannot, or should not, listen at `http.address`."""
    address = settings.http.address
    if address is None:
        return None
    parsed = ipaddress.ip_address(address)
    if not (parsed.is_loopback or parsed.is_unspecified or address in facts.addresses):
        there = ", ".join(("127.0.0.1", *facts.addresses))
        return (
            f"{address} is not an address of this machine, or it belongs to a container network, which may disappear",
            f"try one of {there}, or leave it out",
        )
    if str(settings.http.port) in facts.nginx_ports:
        return (
            f"other nginx sites listen on port {settings.http.port} and would no longer answer at {address}",
            "try another http.port, or leave the address out",
        )
    return None
