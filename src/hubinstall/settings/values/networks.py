"""Addresses, networks, ports."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Self

from hubinstall import layout
from hubinstall.settings.values.words import as_text, shown, wrong

_PRIVATE = tuple(ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_NEVER_OPENED = {
    "0.0.0.0/8": "this machine's own addresses",
    "127.0.0.0/8": "this machine's own addresses",
    "169.254.0.0/16": "the cloud's metadata addresses",
    "224.0.0.0/3": "multicast and reserved addresses",
}


def parse_subnet(value: Any) -> ipaddress.IPv4Network:
    """A private IPv4 network (RFC 1918), /16 to /24: room for 100 people without taking more of the site's addresses
    than needed.
    """
    _refuse_prefix(value)
    network = _network(value, "10.99.0.0/16")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise wrong(f"{network} is not a private network", "try one within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    return network


def _refuse_prefix(value: Any) -> None:
    found = re.fullmatch(r"([0-9.]{7,15})(/([0-9]{1,2}))?", value) if isinstance(value, str) else None
    prefix = int(found[3] or 32) if found else 16
    if found is None or 16 <= prefix <= 24:
        return
    try:
        nearest = ipaddress.IPv4Network(f"{found[1]}/{16 if prefix < 16 else 24}", strict=False)
    except ValueError:
        return
    raise wrong(f"{shown(value)} is too {'large' if prefix < 16 else 'small'} (must be /16 to /24)", f"try {nearest}")


def _network(value: Any, example: str) -> ipaddress.IPv4Network:
    if isinstance(value, ipaddress.IPv4Network):
        return value
    text = as_text(value, "an IPv4 network", example)
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?", text):
        raise wrong(f"{shown(text)} is not an IPv4 network", f"try one such as {example}")
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise wrong(f"{shown(text)} is not an IPv4 network", f"try one such as {example}") from None
    if str(network.network_address) != text.partition("/")[0]:
        raise wrong(f"{shown(text)} has host bits set", f"try {network}")
    return network


@dataclass(frozen=True)
class Destination:
    """A network or address that user servers may reach besides the internet, on one port or on all."""

    network: ipaddress.IPv4Network
    port: int | None = None

    def __str__(self) -> str:
        single = self.network.prefixlen == 32
        where = str(self.network.network_address if single else self.network)
        return where if self.port is None else f"{where}:{self.port}"

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Parse `10.1.2.3`, `10.1.0.0/16` or either with `:PORT`."""
        if isinstance(value, cls):
            return value
        text = as_text(value, "an address", '"10.1.2.3:5432"')
        if text.count(":") > 1:
            raise wrong(f"{shown(text)} is an IPv6 address", "try an IPv4 address: user servers have no IPv6")
        where, colon, port = text.partition(":")
        network = _network(where, "10.1.2.3:5432 or 10.1.0.0/16")
        if colon and not (re.fullmatch(r"[1-9][0-9]{0,4}", port) and int(port) < 65536):
            raise wrong(f"{shown(port)} is not a port", f"try a number from 1 to 65535, such as {where}:443")
        _refuse_never_opened(network, where)
        return cls(network, int(port) if colon else None)


def _refuse_never_opened(network: ipaddress.IPv4Network, where: str) -> None:
    if network.prefixlen < 8:
        raise wrong(f"{where} covers nearly all addresses", "try only the networks that you need, /8 or smaller")
    for closed, what in _NEVER_OPENED.items():
        if network.overlaps(ipaddress.IPv4Network(closed)):
            raise wrong(f"{where} belongs to {what}, which always stay closed", "try leaving it out")


LARGEST = {4: 8, 6: 16}
"""IP version → the shortest prefix of a network whose members are trusted proxies."""

ADDRESS = r"[0-9A-Fa-f:.]{2,45}"


def parse_address(value: Any) -> str:
    """An address that a web server can listen on, in its usual form. `0.0.0.0` and `::` mean every address."""
    text = as_text(value, "an address", "127.0.0.1")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        hint = "try one such as 127.0.0.1 or 10.0.0.5"
        if re.fullmatch(r"[0-9.]+:[0-9]+", text):
            hint = f"try {text.partition(':')[0]}; the port belongs in http.port"
        raise wrong(f"{shown(text)} is not an address", hint) from None
    # A link-local address can exist on several links, and nginx would need to be told which.
    if address.is_multicast or address.is_link_local or "%" in text:
        raise wrong(f"{text} is not an address that a web server can listen on", "try another address of this machine")
    return str(address)


EXAMPLES = "such as 10.0.0.5 or 10.0.0.0/24"


def parse_proxy(value: Any) -> str:
    """Of a web server in front: an address or a network, in its shortest form."""
    return _source(
        value, f"try the address that the web server in front connects from, {EXAMPLES}",
        "anyone in it can claim to be any visitor", "try only the address of the web server in front",
    )  # fmt: skip


def parse_reader(value: Any) -> str:
    """Of a machine that may read figures: the same."""
    hint = f"try one {EXAMPLES}"
    return _source(value, hint, "anyone in it could read the figures", hint)


def _source(value: Any, otherwise: str, too_wide: str, narrower: str) -> str:
    text = as_text(value, "an address or a network", '"10.0.0.5"')
    if "%" in text or not re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?", text):
        raise wrong(f"{shown(text)} is not an address or a network", otherwise)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        words = f"{shown(text)} is not an address or a network"
        raise wrong(words, f"try one {EXAMPLES}") from None
    if network.prefixlen < LARGEST[network.version]:
        raise wrong(f"{shown(text)} covers nearly all addresses, and {too_wide}", narrower)
    alone = network.prefixlen == network.max_prefixlen
    if not alone and str(ipaddress.ip_address(text.partition("/")[0])) != str(network.network_address):
        address = text.partition("/")[0]
        raise wrong(f"{shown(text)} has host bits set", f"try {network}, or {address} alone")
    return str(network.network_address if alone else network)


def parse_port(port: int) -> int:
    if port == layout.HUB_PORT:
        raise wrong(f"{port} is the hub's own port", "try another, such as 8000")
    return port
