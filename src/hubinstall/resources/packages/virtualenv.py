"""Virtualenvs of the distribution's Python, from hash-locked lists; and node modules, from a lock file."""

import functools
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.files.tree import ASIDE, rebuilding, seal, sealed
from hubinstall.resources.packages import offline
from hubinstall.resources.packages.downloads import NPM_CACHE, retry_if_stalled

PYTHON = "/usr/bin/python3"
"""Never the interpreter that runs us: service accounts cannot read a pyenv or conda in root's home."""
TRUST_STORE = layout.TRUST_STORE


@dataclass(frozen=True)
class Virtualenv:
    """A content-named virtualenv; `lockfile` is the text of a requirements list with hashes."""

    kind: ClassVar[str] = "virtualenv"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    lockfile: str = field(default="", repr=False)
    uv: str = ""
    python_version: str = "3.11"
    cache: str = ""
    needs: tuple[str, ...] = ()

    @property
    def site_packages(self) -> str:
        return f"lib/python{self.python_version}/site-packages"

    def desired(self) -> State:
        return {"complete": True, "uv's lock": False}

    def actual(self, host: Host) -> State | None:
        if not host.exists(f"{self.name}/bin/python3"):
            return None
        state = sealed(host, self.name, self.site_packages)
        return state and state | {"uv's lock": host.exists(self.uvs_lock)}

    @property
    def uvs_lock(self) -> str:
        """What uv leaves behind: a file that everyone on the machine may write to."""
        return f"{self.name}/.lock"

    def apply(self, host: Host, change: Change) -> None:
        if change.before and change.before["complete"]:
            host.remove(self.uvs_lock)
            return
        retry_if_stalled(host, f"the Python packages of {self.name}", functools.partial(self._build, host))

    def _build(self, host: Host) -> None:
        with rebuilding(host, self.name):
            self._fill(host)

    def _fill(self, host: Host) -> None:
        env = uv_environment(host, self.cache)
        host.run([self.uv, "venv", "--quiet", "--no-project", f"--python={PYTHON}", self.name], env=env, bound=True)
        host.write(f"{self.name}/lock.txt", self.lockfile.encode())
        host.run(
            [
                self.uv, "pip", "install", "--quiet", f"--python={self.name}/bin/python3", "--require-hashes",
                "--no-deps", "--compile-bytecode", f"--requirement={self.name}/lock.txt",
            ],
            env=env,
            bound=True,
        )  # fmt: skip
        host.remove(self.uvs_lock)
        seal(host, self.name, self.site_packages)

    def remove(self, host: Host) -> None:
        host.remove_tree(self.name)
        host.remove_tree(self.name + ASIDE)


def uv_environment(host: Host, cache: str) -> dict[str, str]:
    """The cache directory of uv, and its trust store: the host's, to which administrators add their own roots. If an
    offline bundle is there, also its wheels, and nothing else.
    """
    return offline.for_uv(host) | {
        "UV_CACHE_DIR": host.environment("UV_CACHE_DIR") or cache,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "SSL_CERT_FILE": host.environment("SSL_CERT_FILE") or TRUST_STORE,
        "UV_LINK_MODE": "copy" if host.environment("UV_CACHE_DIR") else "hardlink",
        # Its own limits, in seconds, are for a usual machine and line: 30, 10 and 60 (for one file's bytecode).
        "UV_HTTP_TIMEOUT": "120",
        "UV_HTTP_CONNECT_TIMEOUT": "60",
        "UV_HTTP_RETRIES": "5",
        "UV_COMPILE_BYTECODE_TIMEOUT": "0",
    }


@dataclass(frozen=True)
class NodeModules:
    """A content-named directory with the node modules of a package-lock.json; `node`: the directory of Node itself."""

    kind: ClassVar[str] = "node-modules"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    package: str = field(default="", repr=False)
    package_lock: str = field(default="", repr=False)
    node: str = ""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"complete": True}

    def actual(self, host: Host) -> State | None:
        return sealed(host, self.name, "node_modules")

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        retry_if_stalled(host, f"the node modules of {self.name}", functools.partial(self._build, host))

    def _build(self, host: Host) -> None:
        with rebuilding(host, self.name):
            self._fill(host)

    def _fill(self, host: Host) -> None:
        self.fill(host, self.name, self.name + NPM_CACHE)
        host.remove_tree(self.name + NPM_CACHE)
        seal(host, self.name, "node_modules")

    def fill(self, host: Host, path: str, cache: str) -> None:
        """Install the modules in a new directory; `cache`: where npm keeps what it has downloaded."""
        archives = offline.folder(host, offline.NPM)
        lock = offline.with_files(self.package_lock, str(host.path(archives))) if archives else self.package_lock
        host.mkdir(path)
        host.write(f"{path}/package.json", self.package.encode())
        host.write(f"{path}/package-lock.json", lock.encode())
        host.run(
            [
                f"{self.node}/bin/node", f"{self.node}/lib/node_modules/npm/bin/npm-cli.js", "ci", "--omit=dev",
                "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", f"--cache={cache}",
                "--fetch-retries=5", "--loglevel=error", *(["--offline"] if archives else []),
            ],
            cwd=str(host.path(path)),
            env={
                "NODE_EXTRA_CA_CERTS": host.environment("NODE_EXTRA_CA_CERTS") or TRUST_STORE,
                "HOME": path,
                "NODE_DISABLE_COMPILE_CACHE": "1",  # it would be left in /tmp
            },
            bound=True,
        )  # fmt: skip
        if archives:
            host.write(f"{path}/package-lock.json", self.package_lock.encode())

    def remove(self, host: Host) -> None:
        host.remove_tree(self.name)
        for beside in (ASIDE, NPM_CACHE):
            host.remove_tree(self.name + beside)
