"""What the hub reads: no long body, nothing for servers that do not run, not much from a container."""

import asyncio
import contextlib

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from hubinstall import layout
from hubinstall.hubside import bodies as module
from hubinstall.hubside.bodies import LARGE_TOGETHER, SMALL, Bodies


class Echo(RequestHandler):
    def post(self) -> None:
        self.write(str(len(self.request.body)))


async def said(port: int, path: str, size: int, send: int | None = None) -> str:
    """The status line and the last line of the answer; "" if the connection was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        writer.write(b"x" * (size if send is None else send))
        await writer.drain()
    answer = b""
    with contextlib.suppress(OSError):
        answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    lines = answer.decode().splitlines()
    return f"{lines[0].split()[1]} {lines[-1]}".strip() if lines else ""


@pytest.fixture
def bodies():
    return Bodies("/hub/")


def ask(bodies, path, size):
    async def asked():
        application = Application([("/.*", Echo)])
        bodies.bound(application)
        server = HTTPServer(application, xheaders=True)
        socket, port = bind_unused_port()
        server.add_socket(socket)
        try:
            return await said(port, path, size)
        finally:
            server.stop()

    return asyncio.run(asked())


@pytest.mark.parametrize("size", [0, 10, SMALL + 1, layout.MOST_FOR_HUB])
def test_what_the_hub_is_told_it_reads(bodies, size):
    assert ask(bodies, "/hub/api/x", size) == f"200 {size}"
    assert bodies.large == 0


def test_no_more_than_that(bodies):
    assert ask(bodies, "/hub/api/x", layout.MOST_FOR_HUB + 1) in {"400", ""}
    assert bodies.large == 0


def test_what_is_for_a_server_that_does_not_run_is_not_kept(bodies):
    assert ask(bodies, "/user/ada/api/contents/x?a=/hub/", SMALL) == "200 0"


def test_a_container_is_brief(bodies, monkeypatch):
    monkeypatch.setattr(module, "is_own", lambda address: address != "127.0.0.1")
    assert ask(bodies, "/hub/api/x", SMALL) == f"200 {SMALL}"
    assert ask(bodies, "/hub/api/x", SMALL + 1) in {"400", ""}


def test_long_ones_together_have_a_bound_and_short_ones_always_room(bodies):
    bodies.large = LARGE_TOGETHER
    assert ask(bodies, "/hub/api/x", SMALL) == f"200 {SMALL}"
    assert ask(bodies, "/hub/api/x", SMALL + 1) in {"400", ""}
    assert bodies.large == LARGE_TOGETHER, "what it took is given back"


def test_a_body_that_does_not_end_is_ended(bodies, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.2)

    async def asked():
        application = Application([("/.*", Echo)])
        bodies.bound(application)
        server = HTTPServer(application)
        socket, port = bind_unused_port()
        server.add_socket(socket)
        assert await said(port, "/hub/x", SMALL * 2, SMALL + 9) == ""
        server.stop()

    asyncio.run(asked())
    assert bodies.large == 0
