"""The types of the settings of the web server in front: what it listens on, whom it believes, how much it takes."""

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from hubinstall import layout
from hubinstall.settings.values.base import GIB, MIB, parse_base_url, parse_list, parse_size, shown, type_name, wrong

LARGEST = {4: 8, 6: 16}
"""The shortest prefix of a network whose every member is believed, by version of IP."""
OF_THE_HUB = ("hub", "user", "services")
"""The first parts of the paths that JupyterHub serves itself (its documentation, "URLs")."""
_ADDRESS = r"[0-9A-Fa-f:.]{2,45}"


def parse_address(value: Any) -> str:
    """An address that a web server can listen on, as it is usually written; `0.0.0.0` and `::` are all of a kind."""
    text = _text(value, "an address", "127.0.0.1")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        hint = "try one such as 127.0.0.1 or 10.0.0.5"
        if re.fullmatch(r"[0-9.]+:[0-9]+", text):
            hint = f"try {text.partition(':')[0]}; the port is http.port"
        raise wrong(f"{shown(text)} is not an address", hint) from None
    # Of several links each has the same link-local addresses: nginx would need to be told which.
    if address.is_multicast or address.is_link_local or "%" in text:
        raise wrong(f"{text} is not an address that a web server can listen on", "try another one of this machine's")
    return str(address)


def parse_proxy(value: Any) -> str:
    """An address or a network, as short as it can be written."""
    text = _text(value, "an address or a network", '"10.0.0.5"')
    if "%" in text or not re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?", text):
        raise wrong(
            f"{shown(text)} is not an address or a network",
            "try the address that the web server in front connects from, such as 10.0.0.5 or 10.0.0.0/24",
        )
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        words = f"{shown(text)} is not an address or a network"
        raise wrong(words, "try one such as 10.0.0.5 or 10.0.0.0/24") from None
    if network.prefixlen < LARGEST[network.version]:
        raise wrong(
            f"{shown(text)} is nearly everyone, and whoever is in it may say who a visitor is",
            "try the address of the web server in front alone",
        )
    alone = network.prefixlen == network.max_prefixlen
    if not alone and str(ipaddress.ip_address(text.partition("/")[0])) != str(network.network_address):
        address = text.partition("/")[0]
        raise wrong(f"{shown(text)} has bits set behind its prefix", f"try {network}, or {address} alone")
    return str(network.network_address if alone else network)


def parse_entrance(value: Any) -> str:
    """A path beside the hub's own, without a slash at its end."""
    path = parse_base_url(value).rstrip("/")
    first = path.strip("/").partition("/")[0]
    if not path or first in OF_THE_HUB:
        what = "the hub itself" if not path else f"one of the hub's own paths (/{first}/)"
        raise wrong(f"{shown(value)} is {what}", "try another, such as /jupyter")
    return path


def parse_upload(value: Any) -> int:
    """Bytes of the largest request: a megabyte at least, for a notebook is one request."""
    size = parse_size(value)
    if size < MIB:
        raise wrong(f"{shown(value)} is too little to save a notebook", "try 1M or more")
    if size > 1024 * GIB:
        raise wrong(f"{shown(value)} is too much", "try 1T or less")
    return size


def _text(value: Any, what: str, example: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"must be {what}, not {type_name(value)}", f"try {example}")


def _free(port: int) -> int:
    if port == layout.HUB_PORT:
        raise wrong(f"{port} is where the hub itself listens", "try another, such as 8000")
    return port


def _schema(title: str, pattern: str, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"title": title, "type": kind, "pattern": f"^{pattern}$"})


Port = Annotated[int, Field(ge=1, le=65535, title="whole number"), AfterValidator(_free)]
ListenAddress = Annotated[str, BeforeValidator(parse_address), _schema("address", _ADDRESS)]
Proxy = Annotated[str, BeforeValidator(parse_proxy), _schema("address or network", rf"{_ADDRESS}(/[0-9]{{1,3}})?")]
Proxies = Annotated[tuple[Proxy, ...], BeforeValidator(parse_list)]
Entrance = Annotated[str, BeforeValidator(parse_entrance), _schema("URL path", r"/?[A-Za-z0-9_-][A-Za-z0-9._/-]*")]
Upload = Annotated[
    int,
    BeforeValidator(parse_upload),
    _schema("size", r"[0-9]+(\.[0-9]+)?[KMGT]?", ["string", "integer"]),
]
