"""Whether an ACME authority could reach this machine: checked before it is asked, because it counts failures.

Only the standard library. Each problem is one line: what is wrong, then what to do.
"""

import contextlib
import email.utils
import http.client
import os
import secrets
import socket
import ssl
import time
import urllib.error
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from hubinstall.machine import https_client
from hubinstall.machine.host import Host
from hubinstall.resources.tls.webroot import Place

TIMEOUT = 10.0
"""Seconds for each answer."""
CLOCK_MAY_DIFFER = 300.0
CHALLENGES = ".well-known/acme-challenge"
OPEN_80 = "open port 80 to this machine (firewall, security group, router)"


def troubles(host: Host, names: tuple[str, ...], server: str, place: Place) -> list[str]:
    """Why the authority at `server` could not issue a certificate for `names`; empty if it can be asked."""
    found = list(server_troubles(server, place.trust, host.way_out))
    with challenge(host, place.webroot) as (path, token):
        for name in names:
            found += name_troubles(name, path, token, place)
    return found


def server_troubles(server: str, trust: str, way_out: Mapping[str, str] | None = None) -> Iterator[str]:
    """Problems with the authority: it does not answer, or its clock differs from this machine's. `way_out`: variables
    that name a proxy, as in the host's.
    """
    try:
        context = ssl.create_default_context(cafile=trust)
        with https_client.opener(server, way_out or os.environ, context).open(server, timeout=TIMEOUT) as answer:
            date = answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        hint = "check that it is the URL of an ACME directory"
        if error.code >= http.client.INTERNAL_SERVER_ERROR:
            hint = "it is out of order, or a proxy (network.proxy) does not reach it: wait, or ask who runs it"
        yield f"{server} answers with {error.code} {error.reason}: {hint}"
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        yield f"{server} does not answer ({_short(reason)}): {_way_out(reason)}"
        return
    with contextlib.suppress(TypeError, ValueError):
        off = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
        if abs(off) > CLOCK_MAY_DIFFER:
            much = f"{abs(off) / 3600:.1f} hours" if abs(off) > 5400 else f"{abs(off) / 60:.0f} minutes"
            way = "ahead" if off > 0 else "behind"
            yield f"this machine's clock is {much} {way}: correct it (timedatectl set-ntp true)"


def _way_out(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "this machine must trust its root (network.ca_bundle), and the clock must be right (timedatectl)"
    return "check that this machine can reach the internet (network.proxy), and that this is the right URL"


@contextlib.contextmanager
def challenge(host: Host, webroot: str) -> Iterator[tuple[str, str]]:
    """Within the block there is a file like the one that an authority requests: its URL path, and its content."""
    token = secrets.token_hex(16)
    path = f"{CHALLENGES}/hubinstall-{token[:8]}"
    for folder in (f"{webroot}/{CHALLENGES.partition('/')[0]}", f"{webroot}/{CHALLENGES}"):
        if not host.exists(folder):
            host.mkdir(folder)
    host.write(f"{webroot}/{path}", token.encode())
    try:
        yield f"/{path}", token
    finally:
        host.remove(f"{webroot}/{path}")


def name_troubles(name: str, path: str, token: str, place: Place) -> Iterator[str]:
    """Problems with a name: it does not resolve, or one of its addresses does not lead to this machine."""
    try:
        found = [str(ip_address(name))] if _is_address(name) else addresses_of(name)
    except OSError as error:
        here = ", ".join(place.addresses) if not place.hidden else "this site's public address"
        yield f"{name} has no address ({_short(error)}): create a DNS record (A or AAAA) that points it to {here}"
        return
    for address in found:
        words = fetch(address, place.port, name, path, token)
        if words is None:
            continue
        if address in place.addresses:
            yield f"{name} ({address}) is this machine, but its port {place.port} {words}: see `hubinstall status`"
        elif not place.hidden:
            own = ", ".join(place.addresses)
            yield (
                f"{name} points to {address}, which {words}, and not to this machine ({own}): correct its DNS record,"
                f" or {OPEN_80}"
            )
        elif words.startswith("answers"):
            # No answer proves nothing: many routers do not route requests from inside back to their public address.
            yield f"{name} points to {address}, which {words}: correct its DNS record, or {OPEN_80}"


def addresses_of(name: str) -> list[str]:
    """The addresses of a name, each once. Raises OSError if it has none."""
    return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)))


def fetch(address: str, port: int, name: str, path: str, token: str) -> str | None:
    """None if the file is served; else what happened instead, as the end of a sentence. Also None for an IPv6 address
    to which this machine has no route: then nothing is known.
    """
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Host": f"[{name}]" if ":" in name else name})
        answer = connection.getresponse()
        body = answer.read(200)
    except (OSError, http.client.HTTPException) as error:
        unreachable = isinstance(error, OSError) and ":" in address and error.errno in {97, 99, 101, 113}
        return None if unreachable else f"does not answer ({_short(error)})"
    finally:
        connection.close()
    if answer.status == 200 and body.decode(errors="replace").strip() == token:
        return None
    return f"answers with something else ({answer.status} {answer.reason})"


def _short(error: object) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:120]


def _is_address(name: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ip_address(name))
    return False
