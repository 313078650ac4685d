"""The hub's program: JupyterHub, which answers what it was asked before it ends.

When it is told to stop, JupyterHub itself cancels the requests that it is working on: their pages say 500. What comes
later waits in the proxy until the next hub listens.
"""

import asyncio
import time
from typing import Any

import jupyterhub.app
from tornado.httpserver import HTTPServer
from tornado.web import RequestHandler

GRACE = 2.0
"""Seconds for the requests at work. What lasts longer, such as the events of a server's start, is cut off."""


class JupyterHub(jupyterhub.app.JupyterHub):  # type: ignore[misc]  # JupyterHub has no types
    """The same under the same name: the settings of c.JupyterHub are for it."""

    async def shutdown_cancel_tasks(self, sig: Any = None) -> None:
        if self.http_server is not None:
            await finish(self.http_server, GRACE)
        await super().shutdown_cancel_tasks(sig)


async def finish(server: HTTPServer, grace: float) -> None:
    """Take no further connections, and close those that are there when nothing is at work, or after `grace` seconds.

    A request that comes in between finds its connection closed, which the proxy takes for a hub that is away.
    """
    server.stop()
    end = time.monotonic() + grace
    while (working := at_work()) and (left := end - time.monotonic()) > 0:
        await asyncio.wait(working, timeout=left)
    await server.close_all_connections()


def at_work() -> list["asyncio.Task[Any]"]:
    """The tasks of this loop that answer a request."""
    answers = RequestHandler._execute.__code__  # noqa: SLF001 - the one coroutine of each request (tornado 6)
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "cr_code", None) is answers]


if __name__ == "__main__":
    JupyterHub.launch_instance()
