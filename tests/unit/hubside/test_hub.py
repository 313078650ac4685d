"""A hub that is told to stop answers what it was asked."""

import asyncio
import time

import pytest
from aiohttp import ClientError, ClientSession
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from hubinstall.hubside import hub


class Slow(RequestHandler):
    def initialize(self, begun: asyncio.Event) -> None:
        self.begun = begun

    async def get(self, seconds: str) -> None:
        if float(seconds):
            self.begun.set()
        await asyncio.sleep(float(seconds))
        self.write("whole")


async def stopped_while_asked(seconds: float, grace: float) -> tuple[str, float]:
    """What a page that takes so long says when the hub is stopped meanwhile; and how long that stop took."""
    (socket, port), begun = bind_unused_port(), asyncio.Event()
    server = HTTPServer(Application([("/(.*)", Slow, {"begun": begun})]))
    server.add_socket(socket)
    async with ClientSession(f"http://127.0.0.1:{port}") as session:

        async def page(seconds: float) -> str:
            async with session.get(f"/{seconds}") as answer:
                return await answer.text()

        assert await page(0) == "whole"  # and its connection stays open
        asked = asyncio.create_task(page(seconds))
        await begun.wait()
        began = time.monotonic()
        await hub.finish(server, grace)
        took = time.monotonic() - began
        # As JupyterHub does it now.
        for task in hub.at_work():
            task.cancel()
        with pytest.raises(ClientError):
            await page(0)
        try:
            return await asked, took
        except ClientError:
            return "cut off", took


def test_what_it_works_on_is_answered() -> None:
    said, took = asyncio.run(stopped_while_asked(0.3, grace=10))
    assert said == "whole"
    assert took < 9


def test_what_takes_too_long_is_cut_off_and_not_answered_with_an_error() -> None:
    said, took = asyncio.run(stopped_while_asked(60, grace=0.2))
    assert said == "cut off"
    assert took < 30


def test_it_is_jupyterhub_under_its_own_name() -> None:
    assert hub.JupyterHub.__name__ == hub.JupyterHub.__mro__[1].__name__
    assert hub.JupyterHub.name == "jupyterhub"
