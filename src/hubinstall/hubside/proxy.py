"""The hub's side of the proxy, which is a separate service: it may be away, start later, or be restarted.

A restarted proxy has lost every route, and JupyterHub may take 5 minutes to notice. Each start of the proxy creates its
API socket again. Checking that file costs nothing, so the hub checks it all the time.
"""

import asyncio
import os
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy

from hubinstall import layout

EVERY = 0.5
"""Seconds between two checks of the socket."""
PATIENCE = 10.0
"""Seconds between two log lines about a proxy that is away."""


def identity(path: str) -> tuple[int, int] | None:
    """A value that differs for the socket of each start; None if there is no socket."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_ino, stat.st_ctime_ns


class WatchedProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub has no types
    """A proxy that gets its routes back after a restart."""

    _watch: "asyncio.Task[None] | None" = None
    _served: tuple[int, int] | None = None

    async def get_all_routes(self) -> dict[str, Any]:
        """Like JupyterHub's, but when the hub starts it waits for a proxy that has not started yet."""
        if self._watch is None:
            await self._arrival()
            self._served = identity(layout.PROXY_API_SOCKET)
            routes: dict[str, Any] = await super().get_all_routes()
            self._watch = asyncio.create_task(self._keep_watch())
            return routes
        return await super().get_all_routes()  # type: ignore[no-any-return]

    async def _arrival(self) -> None:
        """Wait until something listens on the API socket; log from time to time what the hub is waiting for."""
        waited = 0.0
        while not await listens(layout.PROXY_API_SOCKET):
            if waited % PATIENCE < EVERY:
                self.log.warning("Waiting for the proxy (%s)", layout.PROXY_SERVICE)
            await asyncio.sleep(EVERY)
            waited += EVERY

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            now = identity(layout.PROXY_API_SOCKET)
            if now is None or now == self._served:
                continue
            try:
                if not await listens(layout.PROXY_API_SOCKET):
                    continue
                self.log.warning("The proxy was restarted: sending it its routes")
                await self.check_routes(self.app.users, self.app._service_map)  # noqa: SLF001 - JupyterHub's own way
                self._served = now
            except Exception:
                self.log.exception("The proxy did not accept its routes; trying again")


async def listens(path: str) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True
