"""One HTTP request to a part of the installation, at an address or a unix socket.

It uses the standard library's client, because `status` must be quick and a larger client takes long to import.
"""

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from hubinstall.machine.unix_connection import UnixConnection

TIMEOUT = 10.0
"""Seconds for each wait; a part that works answers in milliseconds, on a very slow machine in a second."""


@dataclass(frozen=True)
class Answer:
    """The answer. `status` is 0 if there was none; `words` then say why."""

    status: int = 0
    words: str = ""
    data: Any = None
    """The body, if it was JSON."""
    version: str = ""
    """The hub's version, if the answer names it."""
    seconds: float = 0.0
    late: bool = False
    """Something accepts the connection but does not answer in time."""


class _NamedConnection(http.client.HTTPConnection):
    """Connects to HOST:PORT and asks for `name`. TLS without checking the certificate: another check does that."""

    def __init__(self, address: str, name: str, *, tls: bool) -> None:
        super().__init__(name or "localhost", timeout=TIMEOUT)
        self._address = address
        self._name = name if tls else ""

    def connect(self) -> None:
        server, _, port = self._address.rpartition(":")
        self.sock = socket.create_connection((server, int(port)), timeout=TIMEOUT)
        if self._name:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)


def ask(address: str, path: str, *, token: str = "", name: str = "", tls: bool = True) -> Answer:
    """GET `path`; a network failure becomes an Answer, not an exception. `name`: the host name, sent as a browser sends
    it; over TLS, unless `tls` is false.
    """
    begun = time.monotonic()
    at_socket = address.startswith("/")
    connection = UnixConnection(address, TIMEOUT) if at_socket else _NamedConnection(address, name, tls=tls)
    try:
        connection.request("GET", path, headers={"Authorization": f"token {token}"} if token else {})
        response = connection.getresponse()
        body = response.read()
    except TimeoutError:
        return Answer(words=f"no answer at {address} within {TIMEOUT:.0f} s", late=True)
    except (OSError, http.client.HTTPException) as error:
        return Answer(words=f"no answer at {address}: {error or type(error).__name__}")
    finally:
        connection.close()
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    version = response.getheader("X-JupyterHub-Version", "")
    words = f"answered with {response.status} {response.reason}"
    return Answer(response.status, words, data, version, time.monotonic() - begun)
