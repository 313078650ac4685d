"""The types of single settings: parsed once, at the edge, and narrow.

Every one of these values ends up in a file of nginx, systemd, Python or a shell. Each language is quoted by its
own filter there; here the second fence stands: only characters that the thing itself needs are let in.
"""

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from hubinstall import layout

GIB = 1024**3
MIB = 1024**2

_SIZE_UNITS = {"": 1, "K": 1024, "M": MIB, "G": GIB, "T": 1024 * GIB}
_SIZE = r"[0-9]+(\.[0-9]+)?[KMGT]?"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{LABEL}(\.{LABEL})*"
_EMAIL = rf"[A-Za-z0-9][A-Za-z0-9._%+-]{{0,63}}@{LABEL}(\.{LABEL})+"
_ACCOUNT = r"[a-z_][a-z0-9_-]{0,31}"
_SHARE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_URL_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_BASE_URL = rf"/?({_URL_SEGMENT}/)*({_URL_SEGMENT})?"
_IMAGE_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = (
    rf"({LABEL}(\.{LABEL})*(:[0-9]{{1,5}})?/)?{_IMAGE_PART}(/{_IMAGE_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[a-f0-9]{64})?"
)
_QUOTES = " \t\n'\"\u2018\u2019\u201a\u201c\u201d\u201e\xab\xbb"  # what a word processor makes of them, too
_PRIVATE = tuple(ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_NEVER_OPENED = {
    "0.0.0.0/8": "this machine's own addresses",
    "127.0.0.0/8": "this machine's own addresses",
    "169.254.0.0/16": "the cloud's metadata addresses",
    "224.0.0.0/3": "multicast and reserved addresses",
}


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A problem in words for the person who wrote the file; `hint` says what to write instead."""
    return PydanticCustomError("hubinstall", "{message}", {"message": message, "hint": hint})


def _text(value: Any, what: str, example: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"must be {what}, not {type_name(value)}", f"try {example}")


def type_name(value: Any) -> str:
    """What YAML's reader calls a value of this type."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    named = names.get(type(value))
    if named:
        return named
    return "a map of keys" if isinstance(value, dict) else "nothing" if value is None else "a list"


def shown(value: Any) -> str:
    """A value as it may stand in a message: one line, printable, not endless."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def parse_size(value: Any) -> int:
    """Bytes of `2G`, `512M`, `1.5G` or a plain number of bytes; K, M, G and T are powers of 1024 (as in JupyterHub)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong(f"must be a size, not {type_name(value)}", "try 2G or 512M")
    if isinstance(value, int):
        return value
    if not re.fullmatch(_SIZE, value):
        raise wrong(f"{shown(value)} is not a size", "try a number with K, M, G or T, such as 2G or 512M")
    unit = value[-1] if value[-1] in _SIZE_UNITS else ""
    number = value.removesuffix(unit)[:24]
    return int(float(number) * _SIZE_UNITS[unit])


def parse_memory(value: Any) -> int:
    """A size that a Jupyter server can live in: an idle one with a kernel takes about 130 MB."""
    size = parse_size(value)
    if size < 128 * MIB:
        raise wrong(f"{shown(value)} is too little for a Jupyter server", "try 128M or more")
    if size > 64 * 1024 * GIB:
        raise wrong(f"{shown(value)} is more than any machine has", "try 2G or 512M")
    return size


def parse_domain(value: Any) -> str:
    """A DNS name in lower case (RFC 1123's host names); never an address."""
    name = _text(value, "a DNS name", "hub.example.org")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name):
        host = re.split(r"[/:?#]", name.partition("://")[2])[0]
        raise wrong(f"{shown(name)} is an address of a page", _try_domain(host))
    if re.fullmatch(r"[0-9.]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?", name) and not name.endswith("."):
        raise wrong(
            f"{shown(name)} is an address, not a name",
            "try leaving `domain` out: the hub then answers at the machine's addresses",
        )
    if not re.fullmatch(_DOMAIN, name) or len(name) > 253 or name.rpartition(".")[2].isdigit():
        raise wrong(f"{shown(name)} is not a DNS name", _try_domain(name))
    return name.lower()


def _try_domain(name: str) -> str:
    """The name that was probably meant: without a trailing dot, and in the form that DNS knows (RFC 5891)."""
    try:
        candidate = name.strip(_QUOTES).rstrip(".").partition(":")[0].encode("idna").decode("ascii").lower()
    except UnicodeError:
        candidate = ""
    good = re.fullmatch(_DOMAIN, candidate) and not candidate.rpartition(".")[2].isdigit()
    return f"try {candidate}" if good and len(candidate) <= 253 else "try a name such as hub.example.org"


def parse_email(value: Any) -> str:
    """A mail address of the plain kind; its domain has a dot."""
    text = _text(value, "a mail address", "ops@example.org")
    if not re.fullmatch(_EMAIL, text):
        raise wrong(f"{shown(text)} is not a mail address", "try one such as ops@example.org")
    return text


def parse_base_url(value: Any) -> str:
    """A path that begins and ends with `/`; slashes left out at either end are added."""
    text = _text(value, "a path", "/jupyter/")
    if "://" in text:
        raise wrong(f"{shown(text)} is a whole address", "try only its path, such as /jupyter/; the name is `domain`")
    if not text or len(text) > 200 or not re.fullmatch(_BASE_URL, text):
        raise wrong(
            f"{shown(text)} is not a usable path",
            "try / or a path of letters, digits, `-`, `_` and `.`, such as /jupyter/",
        )
    inner = text.strip("/")
    return f"/{inner}/" if inner else "/"


def parse_account(value: Any) -> str:
    """A name of an account, by the rule of Debian's useradd; never root, nor one that this installation runs as."""
    name = _linux_name(value, "an account", "alice")
    if name in {layout.HUB_USER, layout.PROXY_USER, layout.PROBE_USER}:
        raise wrong(f"{name} is an account of hubinstall's own, and no person's", "try another, such as alice")
    return name


def parse_group(value: Any) -> str:
    """A name of a group, by the rule of Debian's groupadd; never root's."""
    return _linux_name(value, "a group", "teachers")


def _linux_name(value: Any, what: str, example: str) -> str:
    name = _text(value, f"the name of {what}", example)
    if name == "root":
        raise wrong(f"root cannot be {what} here", f"try another, such as {example}")
    if not re.fullmatch(_ACCOUNT, name):
        lower = name.lower()
        better = re.fullmatch(_ACCOUNT, lower) and lower != "root"
        hint = (
            f"try {lower}" if better else f"try lower-case letters, digits, `-` and `_`, at most 32, such as {example}"
        )
        raise wrong(f"{shown(name)} cannot be the name of {what}", hint)
    return name


def parse_share_name(value: Any) -> str:
    """A name that is safe as a directory's name and as a link's."""
    name = _text(value, "a name", "course-101")
    if not re.fullmatch(_SHARE, name):
        raise wrong(
            f"{shown(name)} cannot be a folder's name here",
            "try letters, digits, `.`, `-` and `_`, beginning with a letter or digit, at most 64",
        )
    return name


def parse_image(value: Any) -> str:
    """A reference to an image: [host[:port]/]name[:tag][@sha256:…] (distribution's reference grammar)."""
    text = _text(value, "an image's name", "quay.io/jupyter/scipy-notebook:latest")
    if len(text) > 400 or not re.fullmatch(_IMAGE, text):
        hint = "try one such as quay.io/jupyter/scipy-notebook:latest"
        if len(text) <= 400 and re.fullmatch(_IMAGE, text.lower()):
            hint = f"try lower case: {shown(text.lower())}"
        raise wrong(f"{shown(text)} is not the name of an image", hint)
    return text


def parse_subnet(value: Any) -> ipaddress.IPv4Network:
    """A private IPv4 network (RFC 1918) of /16 to /24: room for 100 people and no more of the site's than needed."""
    _refuse_prefix(value)
    network = _network(value, "10.99.0.0/16")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise wrong(f"{network} is not a private network", "try one within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    return network


def _refuse_prefix(value: Any) -> None:
    found = re.fullmatch(r"([0-9.]{7,15})(/([0-9]{1,2}))?", value) if isinstance(value, str) else None
    prefix = int(found[3] or 32) if found else 16
    if found is None or 16 <= prefix <= 24:
        return
    try:
        nearest = ipaddress.IPv4Network(f"{found[1]}/{16 if prefix < 16 else 24}", strict=False)
    except ValueError:
        return
    raise wrong(f"{shown(value)} is too {'large' if prefix < 16 else 'small'} (/16 to /24)", f"try {nearest}")


def _network(value: Any, example: str) -> ipaddress.IPv4Network:
    if isinstance(value, ipaddress.IPv4Network):
        return value
    text = _text(value, "an IPv4 network", example)
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?", text):
        raise wrong(f"{shown(text)} is not an IPv4 network", f"try one such as {example}")
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise wrong(f"{shown(text)} is not an IPv4 network", f"try one such as {example}") from None
    if str(network.network_address) != text.partition("/")[0]:
        raise wrong(f"{shown(text)} has bits set behind its prefix", f"try {network}")
    return network


@dataclass(frozen=True)
class Destination:
    """What user containers may reach besides the internet: a network or one address, at one port or at all."""

    network: ipaddress.IPv4Network
    port: int | None = None

    def __str__(self) -> str:
        single = self.network.prefixlen == 32
        where = str(self.network.network_address if single else self.network)
        return where if self.port is None else f"{where}:{self.port}"

    @classmethod
    def parse(cls, value: Any) -> Self:
        """From `10.1.2.3`, `10.1.0.0/16` or either with `:PORT`."""
        if isinstance(value, cls):
            return value
        text = _text(value, "an address", '"10.1.2.3:5432"')
        if text.count(":") > 1:
            raise wrong(f"{shown(text)} is an IPv6 address", "try an IPv4 address: user servers have no IPv6")
        where, colon, port = text.partition(":")
        network = _network(where, "10.1.2.3:5432 or 10.1.0.0/16")
        if colon and not (re.fullmatch(r"[1-9][0-9]{0,4}", port) and int(port) < 65536):
            raise wrong(f"{shown(port)} is not a port", f"try a number from 1 to 65535, such as {where}:443")
        _refuse_never_opened(network, where)
        return cls(network, int(port) if colon else None)


def _refuse_never_opened(network: ipaddress.IPv4Network, where: str) -> None:
    if network.prefixlen < 8:
        raise wrong(f"{where} is nearly everything", "try the networks that are meant, /8 or smaller")
    for closed, what in _NEVER_OPENED.items():
        if network.overlaps(ipaddress.IPv4Network(closed)):
            raise wrong(f"{where} is among {what}, which stay closed", "try leaving it out")


def schema(title: str, pattern: str, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"title": title, "type": kind, "pattern": f"^{pattern}$"})


def parse_list(value: Any) -> tuple[Any, ...]:
    """A list in the file, a tuple here: what is frozen is frozen all the way down."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise wrong(f"must be a list, not {type_name(value)}", "try square brackets: [a, b]")


_AsText = PlainSerializer(str, return_type=str)

Domain = Annotated[str, BeforeValidator(parse_domain), schema("DNS name", _DOMAIN)]
Email = Annotated[str, BeforeValidator(parse_email), schema("mail address", _EMAIL)]
BaseUrl = Annotated[str, BeforeValidator(parse_base_url), schema("URL path", _BASE_URL)]
Account = Annotated[str, BeforeValidator(parse_account), schema("account name", _ACCOUNT)]
Group = Annotated[str, BeforeValidator(parse_group), schema("group name", _ACCOUNT)]
ShareName = Annotated[str, BeforeValidator(parse_share_name), schema("share name", _SHARE)]
Image = Annotated[str, BeforeValidator(parse_image), schema("image name", _IMAGE)]
Memory = Annotated[int, BeforeValidator(parse_memory), schema("size", _SIZE, ["string", "integer"])]
Cpus = Annotated[float, Field(ge=0.01, le=1024, allow_inf_nan=False, title="number")]
Processes = Annotated[int, Field(ge=64, le=4_194_304, title="whole number")]
Subnet = Annotated[
    ipaddress.IPv4Network,
    BeforeValidator(parse_subnet),
    _AsText,
    schema("IPv4 network", r"[0-9]{1,3}(\.[0-9]{1,3}){3}/(1[6-9]|2[0-4])"),
]
Reachable = Annotated[
    Destination,
    BeforeValidator(Destination.parse),
    _AsText,
    schema("address, network or either with a port", r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?(:[0-9]{1,5})?"),
]
Accounts = Annotated[tuple[Account, ...], BeforeValidator(parse_list)]
Destinations = Annotated[tuple[Reachable, ...], BeforeValidator(parse_list)]
