"""Answers on the hub's socket: a thread for each connection, one request at a time, each with a new one to Docker."""

import http.client
import json
import socket
import sys
import threading
from typing import BinaryIO

from hubinstall import layout
from hubinstall.broker.calls import call, version_of
from hubinstall.broker.engine import Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import MalformedError, RefusedError
from hubinstall.broker.wire import Request, read_request

CONNECTIONS = 128
"""At once. The hub has a thread for each of its 32 calls, and a few for repairs."""
IDLE = 86_400.0
"""Seconds that a connection may be silent: the hub keeps some for its next call."""
MOST = 64 << 20
"""Bytes of the longest answer."""
PIECE = 64 * 1024
_KEPT = ("Content-Type", "Api-Version", "Ostype", "Server", "X-Docker-Container-Path-Stat")


def serve(listener: socket.socket, policy: Policy, docker: str = layout.DOCKER_SOCKET) -> None:
    """Answer for ever. `docker`: the path of Docker's socket."""
    places = threading.BoundedSemaphore(CONNECTIONS)
    while True:
        places.acquire()
        connection, _ = listener.accept()
        threading.Thread(target=_converse, args=(connection, policy, docker, places), daemon=True).start()


def _converse(connection: socket.socket, policy: Policy, docker: str, places: threading.BoundedSemaphore) -> None:
    try:
        connection.settimeout(IDLE)
        with connection, connection.makefile("rb") as reads, connection.makefile("wb") as writes:
            try:
                while request := read_request(reads):
                    _answer(request, policy, docker, writes)
            except MalformedError as error:
                say(f"Refused: {error} is not as Docker's client writes it")
                _words(writes, http.client.BAD_REQUEST, f"hubinstall does not understand {error}")
    except (OSError, http.client.HTTPException):
        pass  # one side is gone. If it is Docker, the hub sees what it would see without us, and tries again.
    finally:
        places.release()


def _answer(request: Request, policy: Policy, docker: str, writes: BinaryIO) -> None:
    engine = Engine(version_of(request)[0], docker)
    try:
        answer = engine.send(call(policy, engine, request))
    except RefusedError as error:
        if error.status == http.client.FORBIDDEN:
            say(str(error))
        _words(writes, error.status, str(error))
    else:
        with answer:
            _relay(answer, writes)
    writes.flush()


def _words(writes: BinaryIO, status: int, message: str) -> None:
    body = json.dumps({"message": message}).encode()
    head = f"HTTP/1.1 {status} {http.client.responses.get(status, 'Refused')}\r\nContent-Type: application/json\r\n"
    writes.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _relay(answer: http.client.HTTPResponse, writes: BinaryIO) -> None:
    """Docker's answer as it comes, up to the longest; then the connection ends in the middle of it."""
    bare = answer.status in {204, 304} or answer.status < 200
    head = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    head += [f"{name}: {value}" for name in _KEPT if (value := answer.getheader(name))]
    if not bare:
        known = answer.length is not None
        head.append(f"Content-Length: {answer.length}" if known else "Transfer-Encoding: chunked")
    writes.write("\r\n".join([*head, "", ""]).encode("latin-1"))
    if bare:
        return
    sent = 0
    while piece := answer.read1(PIECE):
        sent += len(piece)
        if sent > MOST:
            raise OSError("the answer is too long")
        writes.write(piece if known else b"%x\r\n%b\r\n" % (len(piece), piece))
        writes.flush()
    if not known:
        writes.write(b"0\r\n\r\n")


def say(words: str) -> None:
    """For `hubinstall logs`."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in words)
    print(printable[:2000], file=sys.stderr, flush=True)
