"""The settings of the web server: `http` in config.yaml, and what of it goes with what else the file says."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.values.networks import ListenAddress, Port, Proxies
from hubinstall.settings.values.sizes import Upload
from hubinstall.settings.values.urls import Entrance

USUAL_PORT = 80
_USUAL_UPLOAD: Any = "2G"


class Http(Section):
    port: Port = Field(
        USUAL_PORT,
        description="Where nginx listens in the mode `off` of `https.mode`; in every other mode it listens on 80 and"
        " 443.",
        examples=[8000],
    )
    address: ListenAddress | None = Field(
        None,
        description="The one address of this machine where nginx listens in the mode `off`. Absent: at every address.",
        examples=["127.0.0.1"],
    )
    trusted_proxies: Proxies = Field(
        (),
        description="The web servers in front of this machine in the mode `off`: addresses or networks that they"
        " connect from. What X-Forwarded-For, -Proto, -Host and -Port say is believed from these only."
        " `hubinstall config proxy-snippet` prints what they need.",
        examples=[["10.0.0.5"]],
    )
    entrance: Entrance | None = Field(
        None,
        description="A path that leads to the hub, which itself is at the root of the name (`base_url: /`), so that"
        " other pages can live beside it.",
        examples=["/jupyter"],
    )
    max_upload: Upload = Field(
        _USUAL_UPLOAD,
        validate_default=True,
        description="The largest request, such as an uploaded file or a saved notebook, at least 1M. JupyterLab sends"
        " larger files in pieces.",
        examples=["10G"],
    )


def conflicts(http: Http, mode: str | None, base_url: str, subnet: ipaddress.IPv4Network) -> Iterator[Conflict]:
    """What of `http` does not go with the `mode` of TLS, the base URL and the user servers' network."""
    for key in ("port", "address", "trusted_proxies"):
        if mode != "off" and getattr(http, key) != Http.model_fields[key].default:
            yield Conflict(
                at=("http", key),
                about=("http", "https"),
                message="has no effect while nginx speaks TLS, on 80 and 443",
                hint="try it together with https.mode: off, or leave it out",
            )
    if http.entrance and base_url != "/":
        yield Conflict(
            at=("http", "entrance"),
            about=("http", "base_url"),
            message=f"leads to a hub at the root of the name, and base_url is {base_url}",
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
                hint="try leaving it out: nobody there is a web server in front",
            )
