"""URLs: their hosts and ports, URL paths, and URLs of ACME directories."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from hubinstall.settings.values.dns import LABEL
from hubinstall.settings.values.words import as_text, shown, type_name, wrong

HOST = rf"({LABEL}(\.{LABEL})*|\[[0-9A-Fa-f:.]+\])"
HOST_AND_PORT = rf"{HOST}(:[0-9]{{1,5}})?"
"""The host of a URL, perhaps with a port (RFC 3986, 3.2.2 and 3.2.3)."""
_URL_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
BASE_URL = rf"/?({_URL_SEGMENT}/)*({_URL_SEGMENT})?"


def names_a_host(url: str) -> bool:
    """Whether what a URL has in brackets is an IPv6 address, and its port is one of 1 to 65535. For other URLs
    `urlsplit()` or its `port` raises ValueError, and not in every version of Python.
    """
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc:
            ipaddress.IPv6Address(parts.hostname or "")
        return parts.port != 0
    except ValueError:
        return False


def parse_base_url(value: Any) -> str:
    """A path that starts and ends with `/`; missing slashes at either end are added."""
    text = as_text(value, "a path", "/jupyter/")
    if "://" in text:
        raise wrong(
            f"{shown(text)} is a full URL", "try only its path, such as /jupyter/; the name belongs in `domain`"
        )
    if not text or len(text) > 200 or not re.fullmatch(BASE_URL, text):
        raise wrong(
            f"{shown(text)} is not a usable path",
            "try / or a path of letters, digits, `-`, `_` and `.`, such as /jupyter/",
        )
    inner = text.strip("/")
    return f"/{inner}/" if inner else "/"


OF_THE_HUB = ("hub", "user", "services")
"""The first parts of the paths that JupyterHub itself serves (its documentation, "URLs")."""


ENTRANCE = r"/?[A-Za-z0-9_-][A-Za-z0-9._/-]*"


def parse_entrance(value: Any) -> str:
    """A path that is not one of the hub's own, without a trailing slash."""
    path = parse_base_url(value).rstrip("/")
    first = path.strip("/").partition("/")[0]
    if not path or first in OF_THE_HUB:
        what = "the hub's own path" if not path else f"one of the hub's own paths (/{first}/)"
        raise wrong(f"{shown(value)} is {what}", "try another, such as /jupyter")
    return path


ACME_SERVER = rf"https://{HOST_AND_PORT}(/[A-Za-z0-9._~%+-]+)*/?"


def parse_acme_server(value: Any) -> str:
    """The URL of an ACME directory (RFC 8555, 7.1.1). Only https: the account's key signs URLs that it returns."""
    example = "try one such as https://acme.example.org/directory"
    if not isinstance(value, str):
        raise wrong(f"must be the URL of an ACME directory, not {type_name(value)}", example)
    if value.startswith("http://"):
        raise wrong(f"{shown(value)} is not encrypted", f"try {shown('https' + value[4:])}")
    if len(value) > 400 or not re.fullmatch(ACME_SERVER, value) or not names_a_host(value):
        raise wrong(f"{shown(value)} is not the URL of an ACME directory", example)
    return value
