"""A question by HTTP to a daemon of this machine, at its unix socket.

As much of the protocol as a GET needs: http.client takes longer to import (12 ms) than a daemon takes to answer. For
more than that, unix_connection.py.
"""

import contextlib
import socket

NOBODY = (0, b"")


def connect(socket_path: str, timeout: float) -> socket.socket:
    """A connection to a daemon; each wait on it ends after `timeout` seconds. Raises OSError where nobody listens."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(socket_path)
    except OSError:
        connection.close()
        raise
    return connection


def get(socket_path: str, path: str, timeout: float) -> tuple[int, bytes]:
    """Status and body of the answer; NOBODY where none comes, or none that is HTTP, or not within `timeout` seconds
    of silence. HTTP/1.0: what comes is not in chunks, and ends with the connection (RFC 1945).
    """
    with contextlib.suppress(OSError, ValueError), connect(socket_path, timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        protocol, _, rest = head.partition(b" ")
        if protocol.startswith(b"HTTP/"):
            return int(rest[:3]), body
    return NOBODY
