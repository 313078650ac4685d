"""The hub's side of the proxy, which is a service of its own: it may be away, come late, or start anew.

A proxy that was restarted has lost every route, and JupyterHub would notice after up to 5 minutes. Its API socket is
made anew at each start; looking at that file costs nothing, so it is looked at all the time.
"""

import asyncio
import os
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy

from hubinstall import layout

EVERY = 0.5
"""Seconds between two looks at the socket."""
PATIENCE = 10.0
"""Seconds between two complaints about a proxy that is away."""


def identity(path: str) -> tuple[int, int] | None:
    """What tells one start's socket from another's; None: no socket."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_ino, stat.st_ctime_ns


class WatchedProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub has no types
    """A proxy whose routes come back by themselves."""

    _watch: "asyncio.Task[None] | None" = None
    _served: tuple[int, int] | None = None

    async def get_all_routes(self) -> dict[str, Any]:
        """As JupyterHub's; at the start of the hub it waits for a proxy that is not there yet."""
        if self._watch is None:
            await self._arrival()
            self._served = identity(layout.PROXY_API_SOCKET)
            routes: dict[str, Any] = await super().get_all_routes()
            self._watch = asyncio.create_task(self._keep_watch())
            return routes
        return await super().get_all_routes()  # type: ignore[no-any-return]

    async def _arrival(self) -> None:
        """Wait until something listens at the API socket, saying now and then what the hub waits for."""
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
                self.log.warning("The proxy has been restarted: giving it its routes")
                await self.check_routes(self.app.users, self.app._service_map)  # noqa: SLF001 - JupyterHub's own way
                self._served = now
            except Exception:
                self.log.exception("The proxy did not take its routes; trying again")


async def listens(path: str) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True
