"""Whether an LDAP server answers this machine, with a certificate that the machine trusts. Nobody logs in for it."""

import socket
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

from hubinstall.machine.host import Host

PORTS = {"ldap": 389, "ldaps": 636}
ANSWERING = 5.0
"""Seconds."""
START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
"""The request to begin TLS (RFC 4511, 4.14.1), as a message with the number 1."""
SUCCESS = b"\x0a\x01\x00"
"""Its result code, an enumeration of the value 0 (RFC 4511, 4.1.9)."""


def trouble(host: Host, server: str, authorities: Iterable[str] = (), *, tls: bool = True) -> str:
    """Why the server cannot be used, in words; empty if it can. Asked once in a run. `authorities`: certificates (PEM)
    that are trusted besides the machine's.
    """
    return host.once(f"ldap {server} {tls}", lambda: _ask(server, authorities, tls=tls))


def _ask(server: str, authorities: Iterable[str], *, tls: bool) -> str:
    place = urlsplit(server)
    name = place.hostname or ""
    context = ssl.create_default_context()
    for pem in authorities:
        context.load_verify_locations(cadata=pem)
    try:
        with socket.create_connection((name, place.port or PORTS[place.scheme]), timeout=ANSWERING) as line:
            if not tls:
                return ""
            if place.scheme == "ldap" and (words := _start_tls(line)):
                return words
            with context.wrap_socket(line, server_hostname=name):
                return ""
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted ({error.verify_message})"
    except (OSError, ValueError) as error:
        return f"it does not answer as an LDAP server with TLS ({error})"


def _start_tls(line: socket.socket) -> str:
    line.sendall(START_TLS)
    answer = line.recv(4096)
    return "" if SUCCESS in answer[:20] else "it offers no TLS on this port"
