"""How a site reaches the internet: the URL of its proxy, what goes past the proxy, and the URLs of its mirrors.

Each of these is written into shells' variables, apt's configuration and systemd's environment files, so only characters
are accepted that mean themselves in all of them.
"""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from hubinstall.settings.values.dns import LABEL
from hubinstall.settings.values.urls import HOST, names_a_host
from hubinstall.settings.values.words import as_text, parse_list, shown, wrong

# A user and a password, percent-encoded as in any URL (RFC 3986, 3.2.1), without quotes.
_LOGIN = r"[A-Za-z0-9._~%!&*+,=-]+(:[A-Za-z0-9._~%!&*+,=-]*)?@"
_PORT = r"[1-9][0-9]{0,4}"
WEB_PROXY = rf"https?://({_LOGIN})?{HOST}:{_PORT}/?"
MIRROR = rf"https?://({_LOGIN})?{HOST}(:{_PORT})?(/[A-Za-z0-9._~%+@-]+)*/?"
PAST_PROXY = rf"(\*?\.)?{LABEL}(\.{LABEL})*|[0-9A-Fa-f:.]+(/[0-9]{{1,3}})?"
_ONE_OF = "try one such as http://proxy.example.org:3128"
_ENCODE = (
    "try writing its special characters percent-encoded (%40 for @, %23 for #, %2F for /), such as"
    " http://user:p%40ss@proxy.example.org:3128"
)


def parse_web_proxy(value: Any) -> str:
    """`http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`, without a slash at the end. Programs differ in what they
    take a missing port for.
    """
    text = as_text(value, "the URL of a proxy", "http://proxy.example.org:3128").strip()
    scheme, there, rest = text.partition("://")
    if not there:
        raise wrong(f"{shown(text)} has no scheme", f"try http://{without_login(text)}" if text else _ONE_OF)
    if scheme.lower().startswith("socks"):
        raise wrong(f"{shown(text)} is a SOCKS proxy, which apt, npm and pip do not all use", _ONE_OF)
    if scheme.lower() not in {"http", "https"}:
        raise wrong(f"{shown(text)} is not the URL of an HTTP proxy", _ONE_OF)
    text = f"{scheme.lower()}://{rest}"
    if re.fullmatch(WEB_PROXY, text) and names_a_host(text):
        return text.rstrip("/")
    _refuse_login(text)
    place = rest.rpartition("@")[2]
    if re.fullmatch(rf"{HOST}/?", place) and names_a_host(text):
        raise wrong(f"{shown(text)} has no port", f"try {scheme.lower()}://{place.rstrip('/')}:3128, or another port")
    if "/" in place.rstrip("/"):
        raise wrong(f"{shown(text)} has a path", f"try {scheme.lower()}://{place.partition('/')[0]}")
    raise wrong(f"{shown(text)} is not the URL of an HTTP proxy", _ONE_OF)


def parse_mirror(value: Any) -> str:
    """The URL of an index of packages, without a slash at the end. Plain http too: all packages have known hashes."""
    example = "https://mirror.example.org/simple"
    text = as_text(value, "the URL of a mirror", example).strip()
    if "://" not in text:
        raise wrong(f"{shown(text)} has no scheme", f"try https://{without_login(text)}" if text else f"try {example}")
    if re.fullmatch(MIRROR, text) and len(text) <= 400 and names_a_host(text):
        return text.rstrip("/")
    if text.startswith(("http://", "https://")):
        _refuse_login(text)
    raise wrong(f"{shown(text)} is not the URL of a mirror", f"try one such as {example}")


def parse_past_proxy(value: Any) -> str:
    """A name, a domain as `.example.org`, an address or a network."""
    text = as_text(value, "a name, an address or a network", ".example.org").strip()
    plain = text.lower().removeprefix("*")
    if re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?", plain) and re.search(r"[:/]|^[0-9.]+$", plain):
        return _network(text)
    if plain == "" and text == "*":
        raise wrong("'*' means that nothing goes through the proxy", "try leaving out network.proxy")
    if re.fullmatch(rf"\.?{LABEL}(\.{LABEL})*", plain):
        return plain
    bare = re.fullmatch(rf"(?:https?://)?([^/:]+)(?::{_PORT})?/?", text)
    hint = f"try {bare[1]}" if bare and bare[1] != text else "try one such as .example.org or 10.0.0.0/8"
    raise wrong(f"{shown(text)} is not a name, an address or a network", hint)


def parse_past_proxies(value: Any) -> tuple[Any, ...]:
    """A list, or one text with commas, as the variable NO_PROXY has it."""
    return tuple(re.split(r"[\s,]+", value.strip(" ,"))) if isinstance(value, str) and value else parse_list(value)


def without_login(url: str) -> str:
    return re.sub(r"^(\w+://)?.*@", r"\1", url)


def host_of(proxy: str) -> str:
    """The name or address in the URL of a proxy."""
    return proxy.rpartition("@")[2].rpartition("/")[2].rpartition(":")[0].strip("[]")


def port_of(proxy: str) -> int:
    return int(proxy.rpartition(":")[2])


def place_of(mirror: str) -> tuple[str, int]:
    """The name or address in the URL of a mirror, and the port."""
    parts = urlsplit(mirror)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _refuse_login(text: str) -> None:
    login = text.partition("://")[2].rpartition("@")[0]
    if login and not re.fullmatch(_LOGIN, f"{login}@"):
        raise wrong("its user or password has a character that means something else in a URL", _ENCODE)


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        words = f"{shown(text)} is not an address or a network"
        raise wrong(words, "try one such as 10.1.2.3 or 10.0.0.0/8") from None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
