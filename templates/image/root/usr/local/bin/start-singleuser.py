#!/usr/bin/python3 -s
"""A user's server for a hub, which says by JUPYTERHUB_SERVICE_URL where it shall listen: jupyterhub-singleuser.

JupyterHub 6 imports the hub's own half with it, handlers and database (sqlalchemy, alembic), for the names of two
classes and for functions that a server never calls: a quarter of the time in which a server starts, and a third of
its memory. Here it is loaded when it is first used, which is never.

What lies in a home keeps no server from starting. This one imports nothing from there (`-s`: none of the person's own
packages, which kernels and terminals do have), and a kernel or an extension that is broken there is left out.

Every five minutes a server asks the hub who its visitor is. While the hub restarts it waits for the answer, instead of
failing to load or save what the person works on.
"""

import asyncio
import gc
import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

HOLD = 30.0
"""Seconds that a question waits for a hub that is away; as long as the proxy holds a page."""
EVERY = 0.2
START = 10.0
"""Seconds within which a server has started, on all but the busiest machines."""
SAID: set[str] = set()
"""Paths of broken parts that were named in the log."""
# Of a person's settings, what would make the server listen where the hub does not find it, or not at all. JupyterHub
# itself sets address, port, base_url and certificates.
ALWAYS = ["--ServerApp.sock="]


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


def without_home(folders: list[str], home: str) -> list[str]:
    """The folders that modules are looked for in, without those in the home (PYTHONPATH may name some)."""
    inside = f"{os.path.realpath(home)}/"
    return [folder for folder in folders if not f"{os.path.realpath(folder)}/".startswith(inside)]


def fault_of_kernel(folder: str) -> str:
    """Why the kernel that is described there cannot be started; empty if nothing is known against it."""
    spec = loaded(f"{folder}/kernel.json")
    if spec is None:
        return "its kernel.json cannot be read"
    argv = spec.get("argv")
    program = argv[0] if isinstance(argv, list) and argv else ""
    if isinstance(program, str) and program.startswith("/") and not os.access(program, os.X_OK):
        return f"its program {program} is not there"
    return ""


def fault_of_extension(package: str) -> str:
    """The same of an extension of JupyterLab, by the path of its package.json."""
    described, installed = loaded(package), f"{os.path.dirname(package)}/install.json"
    if described is None or not {"name", "version"} <= described.keys():
        return "its package.json cannot be read"
    if not isinstance(described.get("jupyterlab", {}), dict):
        return "its package.json says nothing about JupyterLab"
    if os.path.exists(installed) and loaded(installed) is None:
        return "its install.json cannot be read"
    return ""


def loaded(path: str) -> dict[str, Any] | None:
    """The JSON object in this file; None: there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def leave_out_broken_parts() -> None:
    """One broken kernel or extension would take all others with it: the lists of them are answered with an error."""
    from jupyter_client import kernelspec  # noqa: PLC0415 - only now
    from jupyterlab_server import config as extensions  # noqa: PLC0415

    is_kernel, find = kernelspec._is_kernel_dir, extensions.iglob  # noqa: SLF001 - there is no public way

    def is_sound_kernel(folder: str) -> bool:
        return is_kernel(folder) and sound(folder, fault_of_kernel(folder))

    def sound_extensions(pattern: str) -> Iterator[str]:
        return (path for path in find(pattern) if sound(path, fault_of_extension(path)))

    kernelspec._is_kernel_dir = is_sound_kernel  # noqa: SLF001
    extensions.iglob = sound_extensions


def sound(path: str, fault: str) -> bool:
    """Says each fault once, in the server's log."""
    if fault and path not in SAID:
        SAID.add(path)
        print(f"start-singleuser.py: {path} is left out: {fault}", file=sys.stderr, flush=True)
    return not fault


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
    sys.path[:] = without_home(sys.path, os.environ.get("HOME", "/"))
    leave_out("sqlalchemy", is_package=True)
    leave_out("sqlalchemy.exc", SQLAlchemyError=type("SQLAlchemyError", (Exception,), {}))
    leave_out("jupyterhub.orm")
    leave_out("jupyterhub.roles")
    leave_out("jupyterhub.handlers", is_package=True)
    leave_out("jupyterhub.handlers.pages", HealthCheckHandler=type("HealthCheckHandler", (), {}))
    from jupyterhub.services import auth  # noqa: PLC0415 - only now
    from jupyterhub.singleuser import main as singleuser  # noqa: PLC0415

    leave_out_broken_parts()
    auth.fetch = patient(auth.fetch)
    given = shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))
    sys.argv[:] = ["jupyterhub-singleuser", *ALWAYS, *given, *sys.argv[1:]]
    sys.exit(singleuser())


if __name__ == "__main__":
    main()
