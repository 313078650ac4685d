"""What an OpenID provider says of itself, asked from this machine as the hub asks it (OpenID Connect Discovery 1.0)."""

import json
import ssl
import urllib.error
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hubinstall.machine import https_client
from hubinstall.machine.host import Host

WELL_KNOWN = ".well-known/openid-configuration"
ANSWERING = 5.0
"""Seconds."""
MOST = 1 << 20
"""Bytes of an answer."""


@dataclass(frozen=True)
class Provider:
    """`calls_itself`: the issuer; empty if there was no such answer, and then `trouble` says what there was."""

    calls_itself: str = ""
    signs_on_at: str = ""
    trouble: str = ""

    def is_another(self, issuer: str) -> bool:
        return bool(self.calls_itself) and self.calls_itself.rstrip("/") != issuer.rstrip("/")


def provider(host: Host, issuer: str, authorities: Iterable[str] = ()) -> Provider:
    """Asked once in a run. `authorities`: certificates (PEM) that are trusted besides the machine's."""
    return host.once(f"openid {issuer}", lambda: _ask(host, issuer, authorities))


def keys_trouble(host: Host, url: str, authorities: Iterable[str] = ()) -> str:
    """Why no key of a learning platform (RFC 7517, 5) can be had there, in words; else empty. Asked once in a run."""
    return host.once(f"keys {url}", lambda: _ask_for_keys(host, url, authorities))


def _ask_for_keys(host: Host, url: str, authorities: Iterable[str]) -> str:
    try:
        found = _fetched(host, url, authorities)
    except urllib.error.HTTPError as error:
        return f"there are no keys there ({error.code})"
    except (OSError, ValueError) as error:
        return f"it does not answer with keys ({getattr(error, 'reason', error)})"
    return "" if isinstance(found, dict) and found.get("keys") else "there are no keys there"


def _fetched(host: Host, url: str, authorities: Iterable[str]) -> Any:
    """The JSON there. Raises OSError or ValueError."""
    context = ssl.create_default_context()
    for pem in authorities:
        context.load_verify_locations(cadata=pem)
    way_out = {name: host.environment(name) for name in ("HTTPS_PROXY", "NO_PROXY")}
    with https_client.opener(url, way_out, context).open(url, timeout=ANSWERING) as answer:
        return json.loads(answer.read(MOST))


def _ask(host: Host, issuer: str, authorities: Iterable[str]) -> Provider:
    try:
        found = _fetched(host, f"{issuer.rstrip('/')}/{WELL_KNOWN}", authorities)
        return Provider(str(found["issuer"]), str(found["authorization_endpoint"]))
    except urllib.error.HTTPError as error:
        return Provider(trouble=f"there is no OpenID provider there ({error.code})")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Provider(trouble=f"it does not answer as an OpenID provider ({reason})")
    except (KeyError, TypeError):
        return Provider(trouble="its description has no issuer or no place to sign on")
