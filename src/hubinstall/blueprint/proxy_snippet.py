"""The configuration that another web server needs in front of the hub, as text to paste."""

import ipaddress
from collections.abc import Sequence

from hubinstall.blueprint import urls
from hubinstall.blueprint.nginx import CIPHERS, size
from hubinstall.blueprint.templating import render
from hubinstall.errors import UserError
from hubinstall.settings.model import Settings

A_NAME = "hub.example.org"


def snippet(server: str, settings: Settings, addresses: Sequence[str]) -> str:
    """The configuration for `server`: nginx or apache. `addresses`: this machine's, the one of the default route first.

    Raises UserError if no web server belongs in front, because nginx serves https itself.
    """
    if urls.has_tls(settings):
        raise UserError(
            f"nginx serves https itself here (https.mode is {settings.tls_mode}): no web server belongs in front of it",
            "To use a web server in front, run: hubinstall config set https.mode off; then set http.trusted_proxies to "
            "its address, and http.port if port 80 of this machine is taken.",
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
    """What still has to be set here, so that the other web server is trusted; empty if nothing."""
    if settings.http.trusted_proxies:
        return ""
    return (
        "http.trusted_proxies is empty: nothing that the web server in front says about visitors is trusted yet\n"
        "  Run: hubinstall config add-item http.trusted_proxies ADDRESS --apply (the address that it connects from)"
    )


def upstream(settings: Settings, addresses: Sequence[str]) -> str:
    """The address and port that the other web server connects to: loopback if it runs on this machine."""
    here = urls.connect_to(settings)
    near = {n.version for n in map(ipaddress.ip_network, settings.http.trusted_proxies) if n.is_loopback}
    if settings.http.address in urls.ANYWHERE:
        here = next(iter(addresses), here) if not near else "127.0.0.1" if 4 in near else "::1"
    return f"{f'[{here}]' if ':' in here else here}:{urls.port(settings)}"
