"""XML-RPC to supervisord over its unix socket."""

import contextlib
import http.client
import xmlrpc.client
from typing import Any
from xmlrpc.client import Error, Fault

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.unix_connection import UnixConnection

SILENT = (OSError, http.client.HTTPException)
"""The exceptions if nobody answers, or the answer is not HTTP."""
PATIENCE = 30.0
"""Seconds for each wait."""


def connection(host: Host) -> contextlib.AbstractContextManager[xmlrpc.client.ServerProxy]:
    transport = UnixTransport(str(host.path(layout.SUPERVISOR_SOCKET)))
    return xmlrpc.client.ServerProxy("http://supervisor/RPC2", transport=transport)


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ARG002 - the socket is the address
        return UnixConnection(self._path, PATIENCE)


__all__ = ["SILENT", "Error", "Fault", "connection"]
