"""A service of the hub's that stops idle servers: jupyterhub_idle_culler, and the hub's own word for what is idle.

JupyterHub starts it, and starts it again when it has ended.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from typing import Any

from jupyterhub_idle_culler import cull_idle
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

AT_ONCE = 5
"""Stops at a time."""
log = logging.getLogger("culler")


class Hub:
    """Its API, with the token that JupyterHub gives each of its services."""

    def __init__(self) -> None:
        self.url, self.token = os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"]

    async def asked(self, method: str) -> Any:
        """The body of the answer."""
        headers = {"Authorization": f"token {self.token}"}
        request = HTTPRequest(f"{self.url}/idle", method, headers, "" if method == "POST" else None)
        return (await AsyncHTTPClient().fetch(request)).body


async def run(hub: Hub, every: float) -> None:
    """Look after servers until the hub that has started this process is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            await look(hub)
        except Exception as error:  # noqa: BLE001 - the next look tries again; `hubinstall status` tells of it
            log.warning("Idle servers were not looked for: %s", error)
        await asyncio.sleep(every)


async def look(hub: Hub) -> None:
    """Stop every server that is due, and say so to the hub."""
    due = frozenset(json.loads(await hub.asked("GET"))["due"])

    def arbiter(*, server: dict[str, Any], **_: Any) -> bool:
        return server["full_name"] in due

    await cull_idle(hub.url, hub.token, 0, log, concurrency=AT_ONCE, cull_arbiter=arbiter)
    await hub.asked("POST")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="culler: %(message)s")
    with contextlib.suppress(KeyboardInterrupt):  # how JupyterHub ends its services
        asyncio.run(run(Hub(), float(sys.argv[1])))


if __name__ == "__main__":
    main()
