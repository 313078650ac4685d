"""The standard library's HTTP client over a unix socket: for requests and answers that unix_http.py cannot handle.

This is a separate module, because importing http.client takes too long for a plan.
"""

import http.client

from hubinstall.machine import unix_http


class UnixConnection(http.client.HTTPConnection):
    """Connects to the socket at `path`; `timeout`: seconds for each wait."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path, self._seconds = path, timeout

    def connect(self) -> None:
        self.sock = unix_http.connect(self._path, self._seconds)
