"""Answers on the hub's socket: a thread for each connection, one question at a time."""

import json
import socket
import struct
import threading

from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.log import say
from hubinstall.accounts_helper.questions import MalformedError, read_question

CONNECTIONS = 64
"""At once."""
IDLE = 10.0
"""Seconds that a connection may be silent: the hub makes one for each question."""
_CREDENTIALS = struct.Struct("3i")
"""pid, uid and gid: ucred of unix(7)."""


def serve(listener: socket.socket, answers: Answers, *, only: int) -> None:
    """Answer for ever. `only`: the one UID that is answered."""
    places = threading.BoundedSemaphore(CONNECTIONS)
    while True:
        places.acquire()
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, answers, only, places), daemon=True).start()


def _serve(connection: socket.socket, answers: Answers, only: int, places: threading.BoundedSemaphore) -> None:
    try:
        with connection:
            converse(connection, answers, only=only)
    finally:
        places.release()


def converse(connection: socket.socket, answers: Answers, *, only: int) -> None:
    """Answer until the other side closes the connection, is silent for too long, or asks what is no question."""
    try:
        if (uid := peer(connection)) != only:
            if uid != 0:  # root looks whether it listens: `hubinstall status`
                say(f"Refused: a connection of the account with the number {uid}")
            return
        connection.settimeout(IDLE)
        with connection.makefile("rb") as reads:
            while question := read_question(reads):
                connection.sendall(json.dumps(answers.to(question)).encode() + b"\n")
    except MalformedError as error:
        say(f"Refused: {error}")
    except OSError:
        pass  # the hub is gone, or silent


def peer(connection: socket.socket) -> int:
    """The UID of the process that has made the connection, as the kernel says."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(found)[1]
    return uid
