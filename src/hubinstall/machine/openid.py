"""What an OpenID provider says of itself, asked from this machine as the hub asks it (OpenID Connect Discovery 1.0)."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

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


def _ask(host: Host, issuer: str, authorities: Iterable[str]) -> Provider:
    context = ssl.create_default_context()
    for pem in authorities:
        context.load_verify_locations(cadata=pem)
    past = {name.strip() for name in host.environment("NO_PROXY").split(",")}
    proxy = "" if urlsplit(issuer).hostname in past else host.environment("HTTPS_PROXY")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": proxy} if proxy else {}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(f"{issuer.rstrip('/')}/{WELL_KNOWN}", timeout=ANSWERING) as answer:
            found = json.loads(answer.read(MOST))
        return Provider(str(found["issuer"]), str(found["authorization_endpoint"]))
    except urllib.error.HTTPError as error:
        return Provider(trouble=f"there is no OpenID provider there ({error.code})")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Provider(trouble=f"it does not answer as an OpenID provider ({reason})")
    except (KeyError, TypeError):
        return Provider(trouble="its description has no issuer or no place to sign on")
