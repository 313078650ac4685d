"""Sockets of root's programs that the hub asks: the broker's and the accounts helper's."""

import os
import socket


def listening(path: str) -> socket.socket:
    """The socket that the hub's group may use, and nobody else: the directory's group becomes the socket's."""
    new = f"{path}.new"
    if os.path.lexists(new):
        os.unlink(new)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o117)
    listener.bind(new)
    listener.listen(64)
    os.rename(new, path)  # calls to the one before end, and no connection is refused in between
    os.umask(0o077)
    return listener
