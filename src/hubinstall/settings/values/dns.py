"""DNS names and email addresses."""

import re
from typing import Any

from hubinstall.settings.values.words import as_text, shown, wrong

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = rf"{LABEL}(\.{LABEL})*"
EMAIL = rf"[A-Za-z0-9][A-Za-z0-9._%+-]{{0,63}}@{LABEL}(\.{LABEL})+"
_QUOTES = " \t\n'\"\u2018\u2019\u201a\u201c\u201d\u201e\xab\xbb"  # also the ones that word processors use


def parse_domain(value: Any) -> str:
    """A DNS name in lower case (a host name of RFC 1123), not an IP address."""
    name = as_text(value, "a DNS name", "hub.example.org")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name):
        host = re.split(r"[/:?#]", name.partition("://")[2])[0]
        raise wrong(f"{shown(name)} is a URL, not a name", _try_domain(host))
    if re.fullmatch(r"[0-9.]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?", name) and not name.endswith("."):
        raise wrong(
            f"{shown(name)} is an IP address, not a DNS name",
            "try leaving `domain` out: the hub is then at the machine's addresses",
        )
    if not re.fullmatch(DOMAIN, name) or len(name) > 253 or name.rpartition(".")[2].isdigit():
        raise wrong(f"{shown(name)} is not a DNS name", _try_domain(name))
    return name.lower()


def _try_domain(name: str) -> str:
    """A hint with the name that was probably meant: without a trailing dot, and in ASCII (RFC 5891)."""
    try:
        candidate = name.strip(_QUOTES).rstrip(".").partition(":")[0].encode("idna").decode("ascii").lower()
    except UnicodeError:
        candidate = ""
    good = re.fullmatch(DOMAIN, candidate) and not candidate.rpartition(".")[2].isdigit()
    return f"try {candidate}" if good and len(candidate) <= 253 else "try a name such as hub.example.org"


def parse_email(value: Any) -> str:
    """A plain email address whose domain has a dot."""
    text = as_text(value, "an email address", "ops@example.org")
    if not re.fullmatch(EMAIL, text):
        raise wrong(f"{shown(text)} is not an email address", "try one such as ops@example.org")
    return text
