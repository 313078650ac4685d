"""Make an offline bundle on a machine with hubinstall: for other machines of the same release and architecture."""

import base64
import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from hubinstall import __version__
from hubinstall.blueprint.docker import docker_packages
from hubinstall.blueprint.packages import base
from hubinstall.blueprint.runtimes import locked, programs
from hubinstall.blueprint.user_image import default_image
from hubinstall.bundle import one_file
from hubinstall.bundle.archive import FOLDERS, MANIFEST, PROGRAM, Manifest, build, digest_at, here
from hubinstall.errors import CommandError, UserError
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.resources.docker import image_copy
from hubinstall.resources.docker.image import Image
from hubinstall.resources.docker.static_files import StaticFiles
from hubinstall.resources.packages import apt, offline
from hubinstall.resources.packages.virtualenv import PYTHON, TRUST_STORE, NodeModules

LOCKS = ("installer", "hub", "node", "supervisor", "certbot")
"""The lists of Python packages that a machine installs; the image's are in the image."""
PIPS = "/usr/share/python-wheels"
"""Where Debian keeps pip's wheel (package python3-pip-whl)."""
UNFINISHED = ".unfinished"
INDEX = "Packages"
EMPTY_STATUS = "status"


def make(host: Host, facts: Facts, static: list[StaticFiles], path: str) -> Manifest:
    """Write the bundle to `path`, completely or not at all. `static`: the files that nginx serves itself.

    Raises UserError if a part of it cannot be had.
    """
    folder = f"{path}.parts"
    host.remove_tree(folder)
    for name in ("", *FOLDERS):
        host.mkdir(f"{folder}/{name}".rstrip("/"))
    try:
        steps: list[Callable[[], None]] = [
            lambda: _image(host, facts, f"{folder}/{offline.IMAGE}"),
            lambda: _debs(host, facts, f"{folder}/{offline.DEBS}"),
            lambda: _wheels(host, f"{folder}/{offline.WHEELS}"),
            lambda: _npm(host, facts, f"{folder}/{offline.NPM}"),
        ]
        for files in static:
            files.save(host, f"{folder}/{offline.STATIC}/{files.archive}")
        with ThreadPoolExecutor(len(steps)) as pool:
            for done in [pool.submit(step) for step in steps]:
                done.result()
        host.write(f"{folder}/{PROGRAM}", one_file.of_this_installation().encode())
        return _packed(host, facts, folder, path)
    finally:
        host.remove_tree(folder)


def _packed(host: Host, facts: Facts, folder: str, path: str) -> Manifest:
    top = host.path(folder)
    names = sorted((str(file.relative_to(top)) for file in top.rglob("*") if file.is_file()), key=_order)
    parts = {}
    for name in names:
        size = os.path.getsize(top / name)
        parts[name] = (size, digest_at(str(top / name), 0, size))
    release, words = here(host)
    manifest = Manifest(
        hubinstall=__version__, build=build(), release=release, name=words, arch=facts.arch, parts=parts
    )
    unfinished = host.path(path + UNFINISHED)
    with tarfile.open(unfinished, "w", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, MANIFEST, manifest.text().encode())
        for name in names:
            tar.add(top / name, name, filter=_plain)
    with open(unfinished, "rb") as file:
        os.fsync(file.fileno())
    host.rename(path + UNFINISHED, path)
    return manifest


def _order(name: str) -> tuple[bool, bool, str]:
    """What people take out by hand first, the largest part last."""
    return name != PROGRAM, name.startswith(offline.IMAGE), name


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o644
    return member


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(_plain(member), BytesIO(content))


def _image(host: Host, facts: Facts, folder: str) -> None:
    image = default_image(facts)
    assert isinstance(image, Image)
    target = f"{folder}/{Path(image_copy.copy_of(image.root)).name}"
    if image_copy.kept(host, image.root) == image_copy.copy_of(image.root):
        image_copy.take(host, image_copy.copy_of(image.root), target)
    else:
        image_copy.keep(host, f"{image.name}:{image.tag}", target)


def _debs(host: Host, facts: Facts, folder: str) -> None:
    """All that a machine of this release may lack: apt resolves against an empty list of installed packages."""
    host.write(f"{folder}/{EMPTY_STATUS}", b"")
    host.mkdir(f"{folder}/partial")
    where = (
        "-o",
        f"Dir::State::status={host.path(folder)}/{EMPTY_STATUS}",
        "-o",
        f"Dir::Cache::archives={host.path(folder)}",
    )
    if not apt.fresh_lists(host):
        apt.apt(host, "update", check=True)
    done = apt.apt(host, *where, "--no-install-recommends", "--download-only", "install", *sorted(debs(facts)))
    if done.returncode:
        error = CommandError(done.argv, done.returncode, done.stderr)
        raise UserError("the distribution's packages could not be downloaded", apt.advice(error))
    records = []
    for name in host.names(folder):
        if name.endswith(".deb"):
            records.append(_record(host, f"{folder}/{name}"))
        else:
            host.remove(f"{folder}/{name}")
    host.write(f"{folder}/{INDEX}", "\n".join(records).encode())


def debs(facts: Facts) -> set[str]:
    """The packages of any machine with these facts' release, whatever else it has."""
    fresh = replace(
        facts, docker_adopted=False, apparmor=True, foreign_service_policy=False, nginx_encodings=("gzip", "br")
    )
    kinds = (replace(fresh, manager=manager) for manager in ("systemd", "supervisor"))
    found = [resource for kind in kinds for resource in (*base(kind), *docker_packages(kind))]
    return {name for resource in found if isinstance(resource, apt.Packages) for name in resource.packages}


def _record(host: Host, path: str) -> str:
    """A package in the index of a repository (Debian's wiki, DebianRepository/Format)."""
    fields = host.query(["dpkg-deb", "--field", str(host.path(path))]).stdout
    content = host.read(path) or b""
    sum_ = hashlib.sha256(content).hexdigest()
    return f"{fields.rstrip()}\nFilename: ./{Path(path).name}\nSize: {len(content)}\nSHA256: {sum_}\n"


def _wheels(host: Host, folder: str) -> None:
    pips = [name for name in host.names(PIPS) if name.startswith("pip-")]
    if not pips:
        raise UserError(
            "pip's own wheel is missing", "Run `apt-get install --reinstall python3-pip-whl`, then run it again."
        )
    for name in LOCKS:
        host.write(f"{folder}/{name}.txt", locked(f"{name}.txt").encode())
        host.run(
            [
                PYTHON, f"{PIPS}/{pips[-1]}/pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--require-hashes", "--only-binary=:all:", "--no-cache-dir", f"--dest={host.path(folder)}",
                f"--requirement={host.path(folder)}/{name}.txt",
            ],
            env={"PIP_CERT": host.environment("PIP_CERT") or TRUST_STORE},
        )  # fmt: skip
        host.remove(f"{folder}/{name}.txt")


def _npm(host: Host, facts: Facts, folder: str) -> None:
    """Take each package's archive out of npm's cache, which has it under its hash (cacache: content-v2)."""
    [modules] = [resource for resource in programs(facts).resources if isinstance(resource, NodeModules)]
    scratch, cache = f"{folder}/scratch", f"{folder}/cache"
    modules.fill(host, scratch, cache)
    for place, package in json.loads(modules.package_lock)["packages"].items():
        if place:
            kind, _, sum_ = package["integrity"].partition("-")
            hexed = base64.b64decode(sum_).hex()
            source = f"{cache}/_cacache/content-v2/{kind}/{hexed[:2]}/{hexed[2:4]}/{hexed[4:]}"
            host.rename(source, f"{folder}/{offline.archive_of(place, package['version'])}")
    for temporary in (scratch, cache):
        host.remove_tree(temporary)
