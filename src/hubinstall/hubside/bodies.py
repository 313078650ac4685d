"""How much of what it is sent the hub keeps in memory: tornado alone would read 100 MB of each request before it asks
who sends it.

nginx sends the hub whole requests only, each within `layout.MOST_FOR_HUB`. Requests for people's servers are passed on
unread, and come here when no server runs; their bodies are not kept. A container connects without nginx: it has little
to say.
"""

from typing import Any

from tornado.httputil import HTTPInputError, HTTPMessageDelegate

from hubinstall import layout
from hubinstall.hubside.peers import is_own

SMALL = 64 << 10
"""A body of so many bytes always has room; a container's is never larger."""
LARGE_TOGETHER = 32 << 20
"""Bytes of all larger bodies that are being read."""
SECONDS = 30
"""For a body to come to its end."""


class Bodies:
    """Makes an application's requests bounded. `prefix`: the path of what the hub answers itself, such as /hub/."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.large = 0

    def bound(self, application: Any) -> None:
        """From now on; `application` is a tornado.web.Application."""
        start = application.start_request
        application.start_request = lambda server, request: Body(self, start(server, request), request)


class Body(HTTPMessageDelegate):  # type: ignore[misc]  # tornado has no types here
    """Passes one request on to `delegate`, within the bounds of all."""

    def __init__(self, bodies: Bodies, delegate: HTTPMessageDelegate, connection: Any) -> None:
        self._bodies, self._delegate, self._connection = bodies, delegate, connection
        self._kept = True
        self._size = self._counted = 0

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        path = start_line.path.partition("?")[0]
        self._kept = path.startswith(self._bodies.prefix)
        self._connection.set_max_body_size(layout.MOST_FOR_HUB if self._through_nginx() else SMALL)
        self._connection.set_body_timeout(SECONDS)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        if not self._kept:
            return None
        self._size += len(chunk)
        if self._size > SMALL:
            self._bodies.large += self._size - self._counted
            self._counted = self._size
            if self._bodies.large > LARGE_TOGETHER:
                raise HTTPInputError("too many long requests at once")
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._forget()
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._forget()
        self._delegate.on_connection_close()

    def _forget(self) -> None:
        self._bodies.large -= self._counted
        self._counted = 0

    def _through_nginx(self) -> bool:
        address = self._connection.context.address
        return not isinstance(address, tuple) or is_own(address[0])
