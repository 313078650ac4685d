"""Where the hub is: for people, for the web server in front, and for our own checks on this machine."""

import re

from hubinstall.machine.facts import Facts
from hubinstall.settings.model import Settings

HTTPS, HTTP = 443, 80
LOOPBACK = "127.0.0.1"
ANYWHERE = {None: LOOPBACK, "0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - only compared, never bound
"""Values of http.address that mean "every address" → the address to connect to."""


def has_tls(settings: Settings) -> bool:
    return settings.tls_mode != "off"


def scheme(settings: Settings) -> str:
    return "https" if has_tls(settings) else "http"


def port(settings: Settings) -> int:
    """The port on which nginx serves the hub."""
    return HTTPS if has_tls(settings) else settings.http.port


def ports(settings: Settings) -> tuple[int, ...]:
    """All ports on which nginx listens for the hub."""
    return (HTTP, HTTPS) if has_tls(settings) else (settings.http.port,)


def connect_to(settings: Settings) -> str:
    """The address at which this machine connects to its own nginx."""
    address = settings.http.address
    return ANYWHERE.get(address, address or LOOPBACK)


def url(settings: Settings, name: str) -> str:
    """The hub's URL under a name or an address: scheme, port and path."""
    usual = port(settings) == (HTTPS if has_tls(settings) else HTTP)
    host = f"[{name}]" if ":" in name else name
    return f"{scheme(settings)}://{host}{'' if usual else f':{port(settings)}'}{settings.base_url}"


def urls(settings: Settings, facts: Facts) -> list[str]:
    """The URLs that people type into a browser, best first; behind another web server, the URLs that it requests."""
    return [url(settings, name) for name in names(settings, facts)]


def names(settings: Settings, facts: Facts) -> list[str]:
    if settings.names:
        return list(settings.names)
    if settings.http.address not in ANYWHERE:
        return [connect_to(settings)]
    return list(facts.addresses) or [facts.hostname]


def check_url(settings: Settings, facts: Facts) -> str:
    """The URL that `verify` requests. If another nginx site is the default server, requests for a bare address get that
    site, so the URL has the machine's name.
    """
    name = machine_name(facts)
    if name and not settings.name and str(port(settings)) in facts.nginx_default_servers:
        return url(settings, name)
    return urls(settings, facts)[0]


def certificate_names(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """The names of the hub in its certificate: its DNS names, or else the machine's name and addresses."""
    if settings.names:
        return settings.names
    name = machine_name(facts)
    return ((name,) if name else ()) + facts.addresses or ("localhost",)


def served_names(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """The names in the certificate and in nginx: the hub's, and the wildcard for people's servers below it."""
    return certificate_names(settings, facts) + settings.wildcard


def subdomain_host(settings: Settings) -> str:
    """Scheme and name of the hub, below which each server has a name; empty if none has. JupyterHub's `subdomain_host`.

    If TLS is handled by a web server in front, that one is at the usual port.
    """
    return f"https://{settings.domain}" if settings.wildcard else ""


def machine_name(facts: Facts) -> str:
    """The host name; empty if it is not valid in DNS (the kernel accepts any text)."""
    name = facts.hostname.lower()
    return name if re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", name) else ""
