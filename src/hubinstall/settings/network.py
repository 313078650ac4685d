"""The section `network`: how this machine reaches the internet, and what user servers may reach."""

from ipaddress import IPv4Network

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Destinations, FilePath, Mirror, PastProxies, Subnet, WebProxy


class Network(Section):
    proxy: WebProxy | None = Field(
        None,
        description="The HTTP proxy through which this machine and user servers reach the internet, with user and"
        " password if it asks for them. Default: none. The first installation takes it from HTTPS_PROXY or HTTP_PROXY.",
        examples=["http://proxy.example.org:3128"],
    )
    no_proxy: PastProxies = Field(
        (),
        description="What is reached without the proxy: names, domains such as `.example.org`, addresses, networks."
        " This machine, the user servers and the hub's own names always are. The first installation takes it from"
        " NO_PROXY.",
        examples=[[".example.org", "10.0.0.0/8"]],
    )
    ca_bundle: FilePath | None = Field(
        None,
        description="A PEM file with the site's own certificate authorities, such as that of a proxy that inspects TLS."
        " This machine and user servers trust them in addition to the usual ones. The first installation takes it from"
        " SSL_CERT_FILE or REQUESTS_CA_BUNDLE.",
        examples=["/etc/ssl/site-ca.pem"],
    )
    pip_index: Mirror | None = Field(
        None,
        description="The index from which Python packages are installed, here and by pip and uv in user servers, which"
        " reach it at a private address, too. Default: PyPI. The first installation takes it from UV_DEFAULT_INDEX or"
        " PIP_INDEX_URL.",
        examples=["https://mirror.example.org/pypi/simple"],
    )
    npm_registry: Mirror | None = Field(
        None,
        description="The registry from which Node packages are installed, here and by npm in user servers. Default:"
        " npm's own. The first installation takes it from npm_config_registry.",
        examples=["https://mirror.example.org/npm"],
    )
    subnet: Subnet = Field(
        IPv4Network("10.99.0.0/16"),
        description="The private IPv4 network of the user servers, /16 to /24. It must not overlap a network of your"
        " site.",
        examples=["172.30.0.0/20"],
    )
    allow: Destinations = Field(
        (),
        description="What user servers may reach besides the internet: addresses or networks of your site, on one port"
        " or on all. By default they cannot reach any private address.",
        examples=[["10.1.2.3:5432", "10.1.0.0/16:443", "192.168.1.5"]],
    )

    @property
    def mirrors(self) -> dict[str, str]:
        """Key → URL of each mirror that is set."""
        urls = {"pip_index": self.pip_index, "npm_registry": self.npm_registry}
        return {key: url for key, url in urls.items() if url}

    def conflicts(self) -> list[Conflict]:
        once = "try deleting one of them"
        found = [
            Conflict(at=(key, index), about=(key,), message=f"{text} is in the list twice", hint=once)
            for key, texts in (("allow", tuple(map(str, self.allow))), ("no_proxy", self.no_proxy))
            for index, text in repeats(texts)
        ]
        if self.no_proxy and not self.proxy:
            hint = "try setting network.proxy, or leave it out"
            found.append(Conflict(("no_proxy",), ("no_proxy", "proxy"), "has no effect: there is no proxy", hint))
        return found + [
            Conflict(
                at=("allow", index),
                about=("allow", "subnet"),
                message=f"{destination} is within the user servers' own network {self.subnet}",
                hint="try leaving it out: user servers are isolated from each other",
            )
            for index, destination in enumerate(self.allow)
            if destination.network.overlaps(self.subnet)
        ]
