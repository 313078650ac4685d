"""How this process itself opens a URL: through the site's proxy or past it, as the hub and certbot will.

Only the standard library.
"""

import ssl
import urllib.request
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from urllib.parse import urlsplit


def opener(url: str, way_out: Mapping[str, str], context: ssl.SSLContext) -> urllib.request.OpenerDirector:
    """`way_out`: the variables of a site, of which `HTTPS_PROXY` and `NO_PROXY` count, in capitals or not."""
    proxy = way_out.get("HTTPS_PROXY") or way_out.get("https_proxy", "")
    past = goes_past(url, way_out.get("NO_PROXY") or way_out.get("no_proxy", ""))
    handler = urllib.request.ProxyHandler({"https": proxy} if proxy and not past else {})
    return urllib.request.build_opener(handler, urllib.request.HTTPSHandler(context=context))


def goes_past(url: str, no_proxy: str) -> bool:
    """Whether the host of a URL is one that NO_PROXY lists: by its name, below a domain, or as an address in a network.
    A name whose address is in a network does not count (requests.utils, should_bypass_proxies, which hub and certbot
    use).
    """
    listed = {"no": no_proxy}
    if urllib.request.proxy_bypass_environment(urlsplit(url).netloc, listed):  # type: ignore[attr-defined]  # its types lack it
        return True
    try:
        address = IPv4Address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(_holds(place.strip(), address) for place in no_proxy.split(","))


def _holds(network: str, address: IPv4Address) -> bool:
    try:
        return address in IPv4Network(network, strict=False)
    except ValueError:
        return False
