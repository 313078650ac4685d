"""HTTP queries to a daemon on this machine, over its unix socket.

This is only as much of the protocol as a GET needs: importing http.client takes longer (12 ms) than a daemon's answer.
For anything else there is unix_connection.py.
"""

import contextlib
import socket

NOBODY = (0, b"")


def connect(socket_path: str, timeout: float) -> socket.socket:
    """A connection to a daemon; each wait ends after `timeout` seconds. Raises OSError if nobody listens."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(socket_path)
    except OSError:
        connection.close()
        raise
    return connection


def get(socket_path: str, path: str, timeout: float) -> tuple[int, bytes]:
    """Status and body of the answer; NOBODY if there is none, if it is not HTTP, or after `timeout` seconds of silence.
    HTTP/1.0: the body is not chunked, and ends with the connection (RFC 1945).
    """
    with contextlib.suppress(OSError, ValueError), connect(socket_path, timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        protocol, _, rest = head.partition(b" ")
        if protocol.startswith(b"HTTP/"):
            return int(rest[:3]), body
    return NOBODY
