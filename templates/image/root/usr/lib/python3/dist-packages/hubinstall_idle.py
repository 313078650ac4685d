"""Tells the hub how long nobody has used this server, and JupyterLab before it is stopped for that.

An extension of Jupyter's server. In use is what computes (a kernel that is busy, also one that prints nothing, or a job
in the background), and what changes something: a cell, a file, a terminal. A page that is only open asks for lists all
the time, which Jupyter counts as activity and this does not. What an extension such as jupyter-server-proxy counts
itself is taken over. The hub (hubside/idle.py) decides; what it answers is an event for JupyterLab, as in
hubinstall_memory.py.
"""

import json
import multiprocessing
import os
import time
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.ioloop import PeriodicCallback

EVERY = 2000
"""Milliseconds between two looks, which ask nobody."""
AGAIN, LONGEST = 10.0, 600.0
"""Seconds until the next report if the hub does not answer (it may still be starting this server), and at most."""
WORK = ("api/contents", "api/kernels", "api/sessions", "api/terminals")
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SCHEMA, KEEP = "urn:hubinstall:idle", "urn:hubinstall:keep"
DESCRIBED = {
    "$id": SCHEMA,
    "version": "1",
    "title": "The server is stopped soon, or no longer",
    "type": "object",
    "properties": {
        "stops_in": {"type": ["number", "null"], "description": "Seconds; null: it is not stopped"},
        "can_wait": {"type": "boolean", "description": "Whether its owner can put that off"},
    },
    "required": ["stops_in", "can_wait"],
}
KEEP_DESCRIBED = {"$id": KEEP, "version": "1", "title": "The owner keeps the server", "type": "object",
                  "properties": {}}  # fmt: skip


def is_work(method: str, path: str) -> bool:
    """Whether a request of the API changes something. `path`: below the server's base URL."""
    return method not in READS and any(path == part or path.startswith(f"{part}/") for part in WORK)


def count_only_work() -> None:
    """Of the requests of the API, in Jupyter's own time of the last activity."""
    from jupyter_server.base.handlers import APIHandler  # noqa: PLC0415 - the server has loaded it by now

    before = APIHandler.update_api_activity

    def update_api_activity(handler: Any) -> None:
        if is_work(handler.request.method, handler.request.path.removeprefix(handler.base_url)):
            before(handler)

    APIHandler.update_api_activity = update_api_activity


def is_busy(kernels: Any) -> bool:
    """Whether one of them computes, or a job that the server has started, as jupyter-scheduler does: each is a process
    of its own (multiprocessing). `kernels`: the server's manager of them.
    """
    states = (getattr(kernels.get_kernel(kernel), "execution_state", "") for kernel in kernels.list_kernel_ids())
    return any(state == "busy" for state in states) or bool(multiprocessing.active_children())


class Reporter:
    def __init__(self, app: Any) -> None:
        self.app = app
        self.last: Any = None
        """Jupyter's time of the last activity. Only that it changes counts: the machine's clock may be set."""
        self.used = self.next = time.monotonic()
        self.asked = self.shown = False
        """Whether the owner was asked to keep the server, and whether the page shows anything."""

    def idle(self) -> float:
        """Seconds."""
        now, last = time.monotonic(), self.app.web_app.last_activity()
        if last != self.last or is_busy(self.app.kernel_manager):
            self.last, self.used = last, now
        return now - self.used

    async def keep(self, *_: Any, **__: Any) -> None:
        """The owner has answered."""
        self.used = time.monotonic()

    async def look(self) -> None:
        idle = self.idle()
        if time.monotonic() < self.next and not (self.asked and idle < EVERY / 500):
            return
        self.next = time.monotonic() + AGAIN
        try:
            answer = await tell(idle)
        except Exception as error:  # noqa: BLE001 - the hub may be restarting
            self.app.log.info("The hub was not told how long this server has been idle: %s", error)
            return
        self.next = time.monotonic() + min(LONGEST, answer["again"])
        soon, can_wait = answer["stops_in"] is not None, answer["can_wait"]
        if soon or self.shown:
            data = {"stops_in": answer["stops_in"], "can_wait": can_wait}
            self.app.event_logger.emit(schema_id=SCHEMA, data=data)
        self.shown, self.asked = soon, soon and can_wait


async def tell(idle: float) -> Any:
    """The hub's answer."""
    url = f"{os.environ['JUPYTERHUB_API_URL']}/users/{quote(os.environ['JUPYTERHUB_USER'], safe='')}/idle"
    headers = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}", "Content-Type": "application/json"}
    body = json.dumps({"server": os.environ.get("JUPYTERHUB_SERVER_NAME", ""), "idle": idle})
    return json.loads((await AsyncHTTPClient().fetch(HTTPRequest(url, "POST", headers, body))).body)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hubinstall_idle"}]


def _load_jupyter_server_extension(app: Any) -> None:
    if "JUPYTERHUB_API_TOKEN" not in os.environ:
        return
    count_only_work()
    reporter = Reporter(app)
    for schema in (DESCRIBED, KEEP_DESCRIBED):
        app.event_logger.register_event_schema(schema)
    app.event_logger.add_listener(schema_id=KEEP, listener=reporter.keep)
    PeriodicCallback(reporter.look, EVERY).start()
