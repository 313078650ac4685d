"""What another web server needs in its own configuration to stand in front of the hub: text to paste there."""

import ipaddress
from collections.abc import Sequence

from hubinstall.blueprint import urls
from hubinstall.blueprint.nginx import CIPHERS, size
from hubinstall.blueprint.templating import render
from hubinstall.errors import UserError
from hubinstall.settings.model import Settings

A_NAME = "hub.example.org"


def snippet(server: str, settings: Settings, addresses: Sequence[str]) -> str:
    """The configuration for `server`: nginx or apache. `addresses`: this machine's, the one that leads outside first.

    Raises UserError where nothing is to stand in front, because nginx speaks TLS itself.
    """
    if urls.has_tls(settings):
        raise UserError(
            f"nginx speaks TLS itself here (https.mode is {settings.tls_mode}): nothing is to stand in front of it",
            "For a web server in front: hubinstall config set https.mode off, and set http.trusted_proxies to its "
            "address, and http.port where this machine's port 80 is taken.",
        )
    upload = settings.http.max_upload
    return render(
        f"templates/snippets/{server}.conf",
        name=settings.name or A_NAME,
        named=settings.name is not None,
        base_url=settings.base_url,
        ciphers=CIPHERS,
        upstream=upstream(settings, addresses),
        max_upload=size(upload) if server == "nginx" else upload,
    )


def missing(settings: Settings) -> str:
    """What is still to be set here before the other web server is believed; empty: nothing."""
    if settings.http.trusted_proxies:
        return ""
    return (
        "http.trusted_proxies is empty: nothing that the web server in front says of a visitor is believed yet\n"
        "  Run: hubinstall config add-item http.trusted_proxies ADDRESS --apply (the one it connects from)"
    )


def upstream(settings: Settings, addresses: Sequence[str]) -> str:
    """Address and port where the other web server finds the hub: on this machine itself, loopback."""
    here = urls.connect_to(settings)
    near = {n.version for n in map(ipaddress.ip_network, settings.http.trusted_proxies) if n.is_loopback}
    if settings.http.address in urls.ANYWHERE:
        here = next(iter(addresses), here) if not near else "127.0.0.1" if 4 in near else "::1"
    return f"{f'[{here}]' if ':' in here else here}:{urls.port(settings)}"
