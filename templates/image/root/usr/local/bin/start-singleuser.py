#!/usr/bin/python3
"""A user's server for a hub, which says by JUPYTERHUB_SERVICE_URL where it shall listen: jupyterhub-singleuser.

JupyterHub 6 imports the hub's own half with it, handlers and database (sqlalchemy, alembic), for the names of two
classes and for functions that a server never calls: a quarter of the time in which a server starts, and a third of
its memory. Here it is loaded when it is first used, which is never.

Every five minutes a server asks the hub who its visitor is. While the hub restarts it waits for the answer, instead of
failing to load or save what the person works on.
"""

import asyncio
import gc
import os
import shlex
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from types import ModuleType
from typing import Any

HOLD = 30.0
"""Seconds that a question waits for a hub that is away; as long as the proxy holds a page."""
EVERY = 0.2
START = 10.0
"""Seconds within which a server has started, on all but the busiest machines."""


class Unused(ModuleType):
    """Stands for a module that is imported and not used. A name asked of it that it lacks loads the real one."""

    def __getattr__(self, name: str) -> Any:
        # What importing itself asks for; of a package also where the modules below it are, and then it is wanted.
        if name in {"__spec__", "__file__"} or (name == "__path__" and not self.is_package):
            raise AttributeError(name)
        for stub in [module for module in sys.modules.values() if isinstance(module, Unused)]:
            del sys.modules[stub.__name__]
        real = import_module(self.__name__)
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def leave_out(name: str, *, is_package: bool = False, **classes: type) -> None:
    """`classes`: what others import from it by name."""
    module = Unused(name)
    module.__dict__.update(classes, is_package=is_package)
    sys.modules[name] = module


def patient(fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """As `fetch`, for a hub that may be away: asks again what was never sent, or only asks (RFC 9110, 9.2.1)."""
    from aiohttp import ClientConnectionError, ClientConnectorError  # noqa: PLC0415 - JupyterHub has loaded it by now

    async def fetch_patiently(url: str, *, method: str = "GET", **rest: Any) -> Any:
        end = time.monotonic() + HOLD
        while True:
            try:
                return await fetch(url, method=method, **rest)
            except ClientConnectionError as error:
                again = method == "GET" or isinstance(error, ClientConnectorError)
                if not again or time.monotonic() > end:
                    raise
            await asyncio.sleep(EVERY)

    return fetch_patiently


def collect_no_garbage_yet() -> None:
    """What a start loads stays: looking through it again and again for garbage takes a tenth of the start."""

    def from_now_on() -> None:
        gc.freeze()
        gc.enable()

    gc.disable()
    started = threading.Timer(START, from_now_on)
    started.daemon = True
    started.start()


def main() -> None:
    collect_no_garbage_yet()
    leave_out("sqlalchemy", is_package=True)
    leave_out("sqlalchemy.exc", SQLAlchemyError=type("SQLAlchemyError", (Exception,), {}))
    leave_out("jupyterhub.orm")
    leave_out("jupyterhub.roles")
    leave_out("jupyterhub.handlers", is_package=True)
    leave_out("jupyterhub.handlers.pages", HealthCheckHandler=type("HealthCheckHandler", (), {}))
    from jupyterhub.services import auth  # noqa: PLC0415 - only now
    from jupyterhub.singleuser import main as singleuser  # noqa: PLC0415

    auth.fetch = patient(auth.fetch)
    sys.argv[:] = ["jupyterhub-singleuser", *shlex.split(os.environ.get("NOTEBOOK_ARGS", "")), *sys.argv[1:]]
    sys.exit(singleuser())


if __name__ == "__main__":
    main()
