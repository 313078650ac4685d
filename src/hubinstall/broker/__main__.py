"""`python -m hubinstall.broker`: answers on its socket until it is ended."""

import os
import socket

from hubinstall import layout
from hubinstall.broker.policy import Policy
from hubinstall.broker.server import serve


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


def main() -> None:
    policy = Policy.load(layout.BROKER_POLICY)
    serve(listening(layout.BROKER_SOCKET), policy)


if __name__ == "__main__":
    main()
