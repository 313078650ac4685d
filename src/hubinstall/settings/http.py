"""The settings of the web server: `http` in config.yaml, and its conflicts with the rest of the file."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Entrance, ListenAddress, Port, Proxies, Upload

USUAL_PORT = 80
_USUAL_UPLOAD: Any = "2G"


class Http(Section):
    port: Port = Field(
        USUAL_PORT,
        description="The port that nginx listens on if `https.mode` is `off`; in every other mode it listens on 80 and"
        " 443.",
        examples=[8000],
    )
    address: ListenAddress | None = Field(
        None,
        description="The only address of this machine that nginx listens on if `https.mode` is `off`. Default: every"
        " address.",
        examples=["127.0.0.1"],
    )
    trusted_proxies: Proxies = Field(
        (),
        description="The web servers in front of this machine if `https.mode` is `off`: the addresses or networks that"
        " they connect from. Only these are trusted to set X-Forwarded-For, -Proto, -Host and -Port."
        " `hubinstall config proxy-snippet` prints the configuration that they need.",
        examples=[["10.0.0.5"]],
    )
    entrance: Entrance | None = Field(
        None,
        description="A path that redirects to the hub. The hub itself stays at the root (`base_url: /`), and other"
        " pages can be served beside it.",
        examples=["/jupyter"],
    )
    max_upload: Upload = Field(
        _USUAL_UPLOAD,
        validate_default=True,
        description="The maximum size of a request, such as an uploaded file or a saved notebook; at least 1M."
        " JupyterLab uploads larger files in pieces.",
        examples=["10G"],
    )


def conflicts(http: Http, mode: str | None, base_url: str, subnet: ipaddress.IPv4Network) -> Iterator[Conflict]:
    """The conflicts of `http` with the TLS `mode`, the base URL and the network of the user servers."""
    for key in ("port", "address", "trusted_proxies"):
        if mode != "off" and getattr(http, key) != Http.model_fields[key].default:
            yield Conflict(
                at=("http", key),
                about=("http", "https"),
                message="has no effect while nginx serves https on ports 80 and 443",
                hint="try setting https.mode: off, or leave it out",
            )
    if http.entrance and base_url != "/":
        yield Conflict(
            at=("http", "entrance"),
            about=("http", "base_url"),
            message=f"needs the hub at /, but base_url is {base_url}",
            hint="try leaving one of them out",
        )
    for index, proxy in repeats(http.trusted_proxies):
        yield Conflict(
            at=("http", "trusted_proxies", index),
            about=("http",),
            message=f"{proxy} is in the list twice",
            hint="try deleting one of them",
        )
    for index, proxy in enumerate(http.trusted_proxies):
        network = ipaddress.ip_network(proxy)
        if isinstance(network, ipaddress.IPv4Network) and network.overlaps(subnet):
            yield Conflict(
                at=("http", "trusted_proxies", index),
                about=("http", "network"),
                message=f"{proxy} is within the user servers' own network {subnet}",
                hint="try leaving it out: a user server is not the web server in front",
            )
