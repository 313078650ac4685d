"""The page with people's servers, for administrators and teachers: `hubinstall top` in the browser.

Each sees and stops what JupyterHub's scopes give them rights over, as on JupyterHub's own page for administrators.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError, authenticated

from hubinstall import layout
from hubinstall.hubside import home_use, present, quantities
from hubinstall.hubside.present import Server

ACTIVE = 0.005
"""Cores from which a server's use is not shown as none."""


@dataclass(frozen=True)
class Row:
    """A server in words. `opens`: its address, if this visitor may open it; `can_stop`: whether they may stop it."""

    server: Server
    since: str
    cpu: str
    memory: str
    home: str
    active: str
    opens: str
    can_stop: bool


class ServersHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's pages take no tokens, and check the `_xsrf` of a form before it comes here."""

    @authenticated  # type: ignore[untyped-decorator]
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]  # administrators and teachers; page.html asks the same
    async def get(self) -> None:
        """`?table` answers with the table only, for the page's script."""
        page = "servers_table.html" if "table" in self.request.query_arguments else "servers.html"
        rows = await self._rows()
        self.set_header("Cache-Control", "no-store")
        html = await self.render_template(
            page, rows=rows, any_named=any(row.server.name for row in rows), any_home=any(row.home for row in rows),
            total=total([row.server for row in rows]),
        )  # fmt: skip
        self.finish(html)

    @authenticated  # type: ignore[untyped-decorator]
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Stop one. Somebody whom this visitor may not know of is answered like nobody."""
        name, server = self.get_body_argument("user"), self.get_body_argument("server", "")
        user = self.find_user(name) if name != layout.PROBE_USER else None
        spawner = user.spawners.get(server) if user else None
        if spawner is None or not self._may("read:servers", spawner) or not spawner.active:
            raise HTTPError(404, f"{name} has no such server that is running.")
        if not self._may("delete:servers", spawner):
            raise HTTPError(403, f"You may not stop the server of {name}.")
        if spawner.pending:
            raise HTTPError(409, f"The server of {name} is just being started or stopped. Try again in a moment.")
        self.log.info("%s stops the server %r of %s", self.current_user.name, server, name)
        await self.stop_single_user(user, server)
        self.redirect(f"{self.hub.base_url}servers", status=303)

    def _may(self, scope: str, spawner: Any) -> bool:
        return bool(self.get_scope_filter(scope)(spawner.orm_spawner, kind="server"))

    async def _rows(self) -> list[Row]:
        seen = [one for one in present.spawners(self.users.values()) if self._may("read:servers", one)]
        now, homes = time.time(), home_use.told()
        found = await present.described_all(seen)
        return [self._row(spawner, server, homes.get(server.person), now) for spawner, server in found]

    def _row(self, spawner: Any, server: Server, home: tuple[int, int] | None, now: float) -> Row:
        opens = spawner.ready and self._may("access:servers", spawner)
        return Row(
            server,
            since=f"{datetime.fromtimestamp(server.started).astimezone():%Y-%m-%d %H:%M}" if server.started else "",
            cpu=f"{server.cpu:.2f}" if server.cpu >= ACTIVE else "0",
            memory=quantities.of(server.memory, server.memory_limit) if server.memory else "",
            home=quantities.of(*home) if home else "",
            active=quantities.ago(now - server.last_activity) if server.last_activity else "",
            opens=spawner.user.server_url(server.name) if opens else "",
            can_stop=not spawner.pending and self._may("delete:servers", spawner),
        )


def total(servers: list[Server]) -> str:
    """One line below the table."""
    number = f"{len(servers)} server{'' if len(servers) == 1 else 's'}"
    memory, cpu = sum(one.memory for one in servers), sum(one.cpu for one in servers)
    return f"{number}: {quantities.size(memory)} of memory, {cpu:.2f} cores"


HANDLERS = [(r"/servers", ServersHandler)]
