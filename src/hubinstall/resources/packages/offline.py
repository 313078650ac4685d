"""What bootstrap.py has unpacked of an offline bundle: for as long as it is there, packages come from it alone.

Every part was compared with the bundle's own hashes. The hashes of the lists (uv, npm) and of apt's index count as they
do for what comes over the network.
"""

import hashlib
import json
import os
import zipfile
from pathlib import Path

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host

DEBS, WHEELS, NPM, IMAGE, STATIC = "debs", "wheels", "npm", "image", "static"
"""The folders of a bundle."""
LISTS = f"{layout.UNPACKED_BUNDLE}/lists"
SOURCES = f"{layout.UNPACKED_BUNDLE}/sources.list"
# The machine's own sources and lists are neither read nor changed, and nothing is left that names the bundle.
APT = (
    "-o", f"Dir::Etc::SourceList={SOURCES}", "-o", "Dir::Etc::SourceParts=/dev/null",
    "-o", f"Dir::State::Lists={LISTS}", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
    "-o", "Acquire::Languages=none",
)  # fmt: skip


def folder(host: Host, name: str) -> str:
    """The path of one of the bundle's folders; empty if no bundle is unpacked."""
    return f"{layout.UNPACKED_BUNDLE}/{name}" if host.exists(layout.BUNDLE) else ""


def for_uv(host: Host) -> dict[str, str]:
    """The environment in which uv installs from the bundle's wheels; nothing if there is no bundle."""
    wheels = folder(host, WHEELS)
    return {"UV_OFFLINE": "1", "UV_FIND_LINKS": str(host.path(wheels))} if wheels else {}


def file(host: Host, place: str, name: str) -> str:
    """The path of a file in one of the bundle's folders; empty if there is none of this name."""
    path = f"{folder(host, place)}/{name}"
    return path if host.exists(layout.BUNDLE) and host.exists(path) else ""


def with_files(lock: str, archives: str) -> str:
    """A package-lock.json whose packages are files in the directory `archives`; their hashes stay."""
    content = json.loads(lock)
    for place, package in content["packages"].items():
        if place:
            package["resolved"] = Path(archives, archive_of(place, package["version"])).as_uri()
    return json.dumps(content)


def archive_of(place: str, version: str) -> str:
    """The file of a package that package-lock.json puts at `place`, such as node_modules/@colors/colors."""
    name = place.rpartition("node_modules/")[2].replace("@", "~").replace("/", "~")  # what no URL has to quote
    return f"{name}-{version}.tgz"


def discard(host: Host) -> None:
    """Remove what was unpacked: everything that was in it is installed, or it does not belong to this run."""
    if host.exists(layout.BUNDLE):
        host.remove(layout.BUNDLE)
    host.remove_tree(layout.UNPACKED_BUNDLE)


def program(host: Host, name: str, lock: str, folder: str) -> str:
    """Take a program out of its wheel, before there is anything that could install one: its path in `folder`.

    Raises UserError if `lock`, a list with hashes, does not have the wheel.
    """
    wheels = host.path(f"{layout.UNPACKED_BUNDLE}/{WHEELS}")
    [wheel] = wheels.glob(f"{name}-*.whl")
    if f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" not in lock:
        raise UserError(f"the hash of {wheel.name} is not in the list of what is installed", "Make another bundle.")
    with zipfile.ZipFile(wheel) as packed:
        [member] = [info for info in packed.infolist() if info.filename.endswith(f".data/scripts/{name}")]
        member.filename = name
        path = packed.extract(member, folder)
    os.chmod(path, 0o700)
    return path
