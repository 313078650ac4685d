"""What keeps nginx from listening where the hub is to be reached. Only the standard library here (see preflight)."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import Listener, listeners
from hubinstall.machine.nginx_sites import reads_our_folder

if TYPE_CHECKING:  # pydantic is not there yet when bootstrap asks
    from hubinstall.machine.facts import Facts
    from hubinstall.settings.model import Settings

Words = tuple[str, str]
"""What is wrong, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """The ports on which nginx is to listen, at one address or, without it, at every one."""

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
    """Before the settings can be read: the usual ports, or none where a file may say otherwise. (Apply looks again.)"""
    return Wanted(frozenset()) if host.exists(layout.CONFIG_FILE) else USUAL


def taken_ports(host: Host, wanted: Wanted) -> Iterator[Words]:
    """The distribution's nginx is used as it is, whoever started it."""
    found: dict[str, set[int]] = {}
    for listener in listeners(host, set(wanted.ports)):
        ours = listener.program == "nginx" and reads_our_folder(host, listener.pid)
        if wanted.collides(listener) and not ours:
            found.setdefault(str(listener), set()).add(listener.port)
    for program, ports in found.items():
        hint = (
            f"The distribution's nginx needs {numbers(wanted.ports)}, with {layout.NGINX_DIR}. Stop the other program, "
            "and keep it from starting again, or let it listen elsewhere; then run again. If it is a web server that "
            "is to stand in front of the hub, set https.mode off and http.port."
        )
        yield f"port {numbers(ports)} is taken by {program}", hint


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
            f"{address} is not an address of this machine, or one of a container network, which comes and goes",
            f"try one of {there}; or leave it out",
        )
    if str(settings.http.port) in facts.nginx_ports:
        return (
            f"other sites of nginx listen on port {settings.http.port}, and would not answer at {address} any more",
            "try another http.port, or leave the address out",
        )
    return None
