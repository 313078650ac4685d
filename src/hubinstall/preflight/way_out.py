"""What is wrong with the site's proxy and its authorities on this machine."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.settings.values.proxies import host_of

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap imports this
    from hubinstall.settings.model import Settings

Words = tuple[tuple[str, ...], str, str]
"""The key, the message and the hint."""


def problems(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    network = settings.network
    if network.proxy and not facts.proxy_addresses:
        words = f"{host_of(network.proxy)} does not resolve on this machine"
        yield ("network", "proxy"), words, "try the right name, or the proxy's address"
    if network.ca_bundle and (found := _bundle(host, network.ca_bundle, facts)):
        yield ("network", "ca_bundle"), *found


def warnings(settings: "Settings", facts: Facts) -> Iterator[Words]:
    addresses = [ip_address(address) for address in facts.proxy_addresses]
    if settings.network.proxy and addresses and all(a.is_loopback or a.version == 6 for a in addresses):
        why = "is on this machine's loopback" if all(a.is_loopback for a in addresses) else "has only IPv6 addresses"
        words = f"{host_of(settings.network.proxy)} {why}: user servers cannot reach it, and use no proxy"
        yield ("network", "proxy"), words, "try an IPv4 address of the proxy that other machines can reach"


def _bundle(host: Host, path: str, facts: Facts) -> tuple[str, str] | None:
    """Why the file cannot be used; None if it can."""
    content = host.read(path)
    if content is None:
        return f"{path} is not a file on this machine", "try the path of the PEM file of your site's authority"
    if content[:1] == b"\x30":
        return f"{path} is in DER form", f"try its PEM form: openssl x509 -inform der -in {path} -out {path}.pem"
    if not facts.authorities:
        return f"{path} has no certificate in it", "try a PEM file, with the lines -----BEGIN CERTIFICATE-----"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata="".join(facts.authorities))
    except (ssl.SSLError, ValueError):
        return (
            f"{path} has a certificate that cannot be read",
            "try to get the file again from your site's administrators",
        )
    return None
