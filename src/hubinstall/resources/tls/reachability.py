"""Whether an ACME authority would find this machine: asked before it is, because it counts failures.

Only the standard library. Each finding is one line: what is wrong, and what to do.
"""

import contextlib
import email.utils
import http.client
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from ipaddress import ip_address

from hubinstall.machine.host import Host
from hubinstall.resources.tls.webroot import Place

TIMEOUT = 10.0
"""Seconds for each answer."""
CLOCK_MAY_DIFFER = 300.0
CHALLENGES = ".well-known/acme-challenge"
OPEN_80 = "let port 80 through to this machine: firewall, security group, router"


def troubles(host: Host, names: tuple[str, ...], server: str, place: Place) -> list[str]:
    """Why the authority at `server` could not give a certificate for `names`; empty: nothing speaks against asking."""
    found = list(server_troubles(server, place.trust))
    with challenge(host, place.webroot) as (path, token):
        for name in names:
            found += name_troubles(name, path, token, place)
    return found


def server_troubles(server: str, trust: str) -> Iterator[str]:
    """Whether the authority answers, and agrees with this machine about the time."""
    try:
        context = ssl.create_default_context(cafile=trust)
        with urllib.request.urlopen(server, timeout=TIMEOUT, context=context) as answer:  # noqa: S310 - https, as parsed
            date = answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        yield f"{server} answers with {error.code} {error.reason}: see whether it is the address of an ACME directory"
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        yield f"{server} does not answer ({_short(reason)}): {_way_out(reason)}"
        return
    with contextlib.suppress(TypeError, ValueError):
        off = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
        if abs(off) > CLOCK_MAY_DIFFER:
            much = f"{abs(off) / 3600:.1f} hours" if abs(off) > 5400 else f"{abs(off) / 60:.0f} minutes"
            way = "ahead" if off > 0 else "slow"
            yield f"this machine's clock is {much} {way}: set it right (timedatectl set-ntp true)"


def _way_out(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "the machine must know its root (update-ca-certificates), and its clock be right (timedatectl)"
    return "see whether this machine reaches the internet, and whether that is the right address"


@contextlib.contextmanager
def challenge(host: Host, webroot: str) -> Iterator[tuple[str, str]]:
    """A file as an authority would ask for, within the block: its path on the web, and what is in it."""
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
    """Whether `name` leads here, at each of its addresses."""
    try:
        found = [str(ip_address(name))] if _is_address(name) else addresses_of(name)
    except OSError as error:
        here = ", ".join(place.addresses) if not place.hidden else "this site's public address"
        yield f"{name} leads nowhere ({_short(error)}): make a DNS record (A or AAAA) for it that says {here}"
        return
    for address in found:
        words = fetch(address, place.port, name, path, token)
        if words is None:
            continue
        if address in place.addresses:
            yield f"{name} ({address}) is this machine, and its port {place.port} {words}: see `hubinstall status`"
        elif not place.hidden:
            own = ", ".join(place.addresses)
            yield (
                f"{name} leads to {address}, which {words}, and not to this machine ({own}): set its DNS record right,"
                f" or {OPEN_80}"
            )
        elif words.startswith("answers"):
            # Without an answer nothing is known: many routers do not lead their own network back in.
            yield f"{name} leads to {address}, which {words}: set its DNS record right, or {OPEN_80}"


def addresses_of(name: str) -> list[str]:
    """Its addresses, each once. Raises OSError where it has none."""
    return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)))


def fetch(address: str, port: int, name: str, path: str, token: str) -> str | None:
    """None where the file comes; else what came instead, as the end of a sentence. An IPv6 address that this machine
    has no way to counts as fine: it cannot tell.
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
