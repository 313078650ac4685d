"""The standard library's HTTP client at a unix socket: for what unix_http.py cannot say or read.

A module of its own, because http.client takes longer to import than a plan has time for.
"""

import http.client

from hubinstall.machine import unix_http


class UnixConnection(http.client.HTTPConnection):
    """Connects to the socket at `path`; `timeout` is in seconds, for each wait."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path, self._seconds = path, timeout

    def connect(self) -> None:
        self.sock = unix_http.connect(self._path, self._seconds)
