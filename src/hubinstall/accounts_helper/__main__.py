"""`python -m hubinstall.accounts_helper`: answers on its socket until it is ended."""

import os
import pwd
import socket

from hubinstall import layout
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.server import serve


def listening(path: str) -> socket.socket:
    """The socket that the hub's group may use, and nobody else: the directory's group becomes the socket's."""
    new = f"{path}.new"
    if os.path.lexists(new):
        os.unlink(new)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o117)
    listener.bind(new)
    listener.listen(64)
    os.rename(new, path)  # no connection is refused in between
    os.umask(0o077)
    return listener


def main() -> None:
    answers = Answers(Policy.load(layout.ACCOUNTS_POLICY))
    hub = pwd.getpwnam(layout.HUB_USER).pw_uid
    serve(listening(layout.ACCOUNTS_SOCKET), answers, only=hub)


if __name__ == "__main__":
    main()
