"""Docker itself: each request is written again, on a connection of its own, and answered once."""

import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hubinstall import layout
from hubinstall.broker.refusal import RefusedError

SILENCE = 3600.0
"""Seconds that Docker may be silent: it waits for a container to end, or unpacks an image."""
MOST = 8 << 20
"""Bytes of the largest answer that is read here to decide something."""


class Connection(http.client.HTTPConnection):
    """To a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=SILENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Call:
    """One request to Docker, made of values that were checked. `path` is without the API's version."""

    method: str
    path: str
    query: dict[str, str] | None = None
    body: Any = None
    """Becomes JSON, if it is not a stream of bytes."""
    headers: dict[str, str] | None = None
    answered: Callable[[], None] | None = None
    """Called when Docker has answered, or cannot."""


class Engine:
    """`version`: the part of the URL path that names the API's version, such as /v1.43, or empty."""

    def __init__(self, version: str = "", path: str = layout.DOCKER_SOCKET) -> None:
        self._version, self._path = version, path

    def send(self, call: Call) -> http.client.HTTPResponse:
        """Docker's answer; closing it closes the connection. Raises OSError if there is no Docker."""
        connection = Connection(self._path)
        target = self._version + call.path + (f"?{urlencode(call.query)}" if call.query else "")
        headers, body = {**(call.headers or {}), "Connection": "close"}, call.body
        streams = hasattr(body, "read")
        if body is not None:
            headers["Content-Type"] = "application/x-tar" if streams else "application/json"
        try:
            text = body if streams or body is None else json.dumps(body).encode()
            connection.request(call.method, target, body=text, headers=headers)
            return connection.getresponse()
        except BaseException:
            connection.close()
            raise
        finally:
            if streams:
                body.close()
            if call.answered:
                call.answered()

    def ask(self, path: str, query: dict[str, str] | None = None) -> Any:
        """What Docker says about something, decoded; None if it does not know it."""
        with self.send(Call("GET", path, query)) as answer:
            text = answer.read(MOST)
        if answer.status == http.client.NOT_FOUND:
            return None
        if answer.status != http.client.OK:
            raise RefusedError(f"{path}: Docker answers {answer.status}", status=502)
        return json.loads(text)
