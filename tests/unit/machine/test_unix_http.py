"""A question to a daemon at its unix socket, against one that answers as it is told."""

import re
import socket
import threading
from contextlib import contextmanager

import pytest

from hubinstall.machine import unix_http
from hubinstall.machine.host import Host
from hubinstall.machine.unix_connection import UnixConnection


def whole(connection):
    """A request to its end: the library's client sends the body after the head."""
    request = b""
    while piece := connection.recv(4096):
        request += piece
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: (\d+)", head)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return request


@contextmanager
def daemon(path, answer):
    """Takes one connection, gives the answer in pieces, and closes unless it is to say nothing; what it was asked."""
    asked = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve():
            connection, _ = listening.accept()
            with connection:
                asked.append(whole(connection))
                for at in range(0, len(answer), 7):
                    connection.sendall(answer[at : at + 7])
                if not answer:
                    connection.recv(1)  # until the other end is tired of waiting

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join(10)


def test_what_a_daemon_answers(tmp_path):
    with daemon(tmp_path / "s", b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{"a":\r\n\r\n1}') as asked:
        assert Host(str(tmp_path)).ask("/s", "/info") == (200, b'{"a":\r\n\r\n1}')
    assert asked == [b"GET /info HTTP/1.0\r\nHost: localhost\r\n\r\n"]


def test_an_answer_that_is_no_success(tmp_path):
    with daemon(tmp_path / "s", b"HTTP/1.1 404 Not Found\r\n\r\nno"):
        assert unix_http.get(str(tmp_path / "s"), "/images/x/json", 5) == (404, b"no")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-hello\r\n", b"HTTP/1.0 what\r\n\r\n", b"HTTP/"])
def test_what_says_nothing_or_something_else_is_nobody(tmp_path, answer):
    with daemon(tmp_path / "s", answer):
        assert unix_http.get(str(tmp_path / "s"), "/", 0.2) == unix_http.NOBODY


def test_the_librarys_client_at_a_socket(tmp_path):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Version: 6\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with daemon(tmp_path / "s", chunked) as asked:
        connection = UnixConnection(str(tmp_path / "s"), 5)
        connection.request("POST", "/RPC2", b"<x/>")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.getheader("X-Version")) == (200, b"abc", "6")
        connection.close()
    assert asked[0].startswith(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n")


def test_the_librarys_client_gives_up(tmp_path):
    with daemon(tmp_path / "s", b""):
        connection = UnixConnection(str(tmp_path / "s"), 0.2)
        connection.request("GET", "/")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
    with pytest.raises(FileNotFoundError):
        UnixConnection(str(tmp_path / "none"), 5).request("GET", "/")


def test_where_nothing_listens_is_nobody(tmp_path):
    assert unix_http.get(str(tmp_path / "none"), "/", 5) == unix_http.NOBODY
    (tmp_path / "file").write_text("")
    assert unix_http.get(str(tmp_path / "file"), "/", 5) == unix_http.NOBODY
    assert unix_http.get(f"{tmp_path}/{'long' * 40}", "/", 5) == unix_http.NOBODY
