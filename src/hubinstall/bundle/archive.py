"""An offline bundle: one tar archive with everything that an installation gets from the network, and a manifest.

Standard library only: bootstrap.py reads it with this file, and with no other version's. Nothing in the archive is
trusted before it was compared with the manifest; names are checked, and no member is unpacked by its own attributes.
"""

import contextlib
import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from hubinstall import __version__, layout
from hubinstall.errors import UserError
from hubinstall.machine.facts import architecture, os_release
from hubinstall.machine.host import Host
from hubinstall.preflight import disk
from hubinstall.resources.packages import offline

MANIFEST, PROGRAM = "manifest.json", "bootstrap.py"
FORMAT = 1
FOLDERS = (offline.DEBS, offline.WHEELS, offline.NPM, offline.STATIC, offline.IMAGE)
NAME = re.compile(rf"bootstrap\.py|(?:{'|'.join(FOLDERS)})/[A-Za-z0-9~_][A-Za-z0-9._+~%-]*")
LARGEST_MANIFEST = 4 << 20
CHUNK = 1 << 20
SPARE = 200 * 10**6
"""Bytes that stay free on the disk beside what is unpacked."""
MAKE_ANOTHER = "Nothing was changed. Make a bundle on a machine like this one: hubinstall bundle FILE"
COPY_AGAIN = "Nothing was changed. Copy the file again, or make another: hubinstall bundle FILE"


@dataclass(frozen=True)
class Manifest:
    """What a bundle was made for. `build`: the digest of the lists and of the image's recipe (see `build`)."""

    hubinstall: str
    build: str
    release: str
    """The distribution with its code name, such as "debian bookworm"."""
    name: str
    """The same for people, such as "Debian GNU/Linux 12 (bookworm)"."""
    arch: str
    parts: dict[str, tuple[int, str]]
    """Name → bytes and SHA-256 of each file."""

    def text(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"


@dataclass(frozen=True)
class Bundle:
    """An archive that can be read. `places`: name → where its bytes begin."""

    path: str
    manifest: Manifest
    places: dict[str, int]


def here(host: Host) -> tuple[str, str]:
    """The release of this machine, as in a manifest, and its name for people."""
    system = os_release(host)
    return f"{system['ID']} {system['VERSION_CODENAME']}", system["PRETTY_NAME"] or system["ID"]


def build() -> str:
    """A digest of what decides about a bundle's content: the lists of packages, and what the image is made of."""
    sum_ = hashlib.sha256()
    for top in ("locks", "data/templates/image"):
        for name, content in sorted(_below(files("hubinstall").joinpath(*top.split("/")), top)):
            sum_.update(f"{name}\0{len(content)}\0".encode() + content)
    return sum_.hexdigest()


def _below(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _below(entry, path) if entry.name != "__pycache__" else ()
        else:
            yield path, entry.read_bytes()


def read(path: str) -> Bundle:
    """Raises UserError if the file is no bundle, or not a whole one."""
    places: dict[str, tuple[int, int]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST:
                raise _no_bundle(path)
            source = tar.extractfile(first)
            manifest = _manifest(path, source.read() if source else b"")
            with contextlib.suppress(tarfile.TarError):  # what is listed until then is not enough
                places.update((member.name, (member.offset_data, member.size)) for member in tar if member.isreg())
    except OSError as error:
        hint = "Name the file that the bundle is."
        raise UserError(f"{path} cannot be read: {error.strerror or error}", hint, 2) from error
    except tarfile.TarError as error:
        raise _no_bundle(path) from error
    end = os.path.getsize(path)
    for name, (size, _) in manifest.parts.items():
        offset, found = places.get(name, (0, -1))
        if found != size or offset + size > end:
            raise UserError(f"{path} is incomplete", COPY_AGAIN)
    return Bundle(path, manifest, {name: places[name][0] for name in manifest.parts})


def _manifest(path: str, content: bytes) -> Manifest:
    try:
        found: dict[str, Any] = json.loads(content)
        if found["format"] != FORMAT:
            raise UserError(f"{path} was made by another version of hubinstall ({found['hubinstall']})", MAKE_ANOTHER)
        values = {field.name: found[field.name] for field in fields(Manifest)}
        parts = {str(name): (int(size), str(sum_)) for name, (size, sum_) in values.pop("parts").items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_bundle(path) from error
    if strange := sorted(name for name in parts if not NAME.fullmatch(name)):
        raise UserError(f"{path} contains {strange[0]!r}, which is no part of a bundle", COPY_AGAIN)
    return Manifest(parts=parts, **{key: str(value) for key, value in values.items()})


def _no_bundle(path: str) -> UserError:
    return UserError(
        f"{path} is no bundle of hubinstall, or its beginning is damaged",
        "Nothing was changed. `hubinstall bundle FILE` makes one, on a machine with hubinstall.",
    )


def checked(path: str) -> Bundle:
    """The bundle, if it can be installed on this machine. Raises UserError, and changes nothing."""
    bundle = read(path)
    refuse(Host(), bundle)
    return bundle


def bring(bundle: Bundle | None) -> None:
    """Unpack it to where the resources find it; what an earlier run has left there goes."""
    if bundle is None:
        offline.discard(Host())
    else:
        unpack(Host(), bundle)


def refuse(host: Host, bundle: Bundle) -> None:
    """Raise UserError if the bundle is for another machine or version, is damaged, or does not fit on the disk."""
    made, path = bundle.manifest, bundle.path
    release, name = here(host)
    if made.release != release:
        raise UserError(f"{path} was made for {made.name}, and this is {name}", MAKE_ANOTHER)
    if made.arch != architecture():
        raise UserError(f"{path} was made for {made.arch}, and this machine is {architecture()}", MAKE_ANOTHER)
    if made.hubinstall != __version__:
        raise UserError(
            f"{path} was made by hubinstall {made.hubinstall}, and this is {__version__}",
            f"Nothing was changed. Take the bootstrap.py that is in it: tar -xf {path} {PROGRAM}",
        )
    if made.build != build():
        raise UserError(
            f"{path} was made by another build of hubinstall {__version__}",
            f"Nothing was changed. Take the bootstrap.py that is in it: tar -xf {path} {PROGRAM}",
        )
    size = sum(size for size, _ in made.parts.values())
    folder = disk.nearest(host, layout.CACHE)
    if (free := disk.free_space(host, folder)) < (needed := size + SPARE):
        raise UserError(
            f"{folder} has {disk.amount(free)} of free space; {disk.amount(needed)} is needed to unpack {path}",
            "Nothing was changed. Free some space, or add a disk.",
        )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        names = sorted(made.parts, key=lambda name: -made.parts[name][0])
        whole = pool.map(lambda name: digest_at(path, bundle.places[name], made.parts[name][0]), names)
        for name, sum_ in zip(names, whole, strict=True):
            if sum_ != made.parts[name][1]:
                raise UserError(f"{path} is damaged: {name} differs from its SHA-256", COPY_AGAIN)


def digest_at(path: str, offset: int, size: int) -> str:
    """The SHA-256 of these bytes of a file."""
    sum_ = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        while size > 0 and (chunk := file.read(min(CHUNK, size))):
            sum_.update(chunk)
            size -= len(chunk)
    return sum_.hexdigest()


def unpack(host: Host, bundle: Bundle) -> None:
    """Unpack it to where the resources find it (resources/packages/offline.py); what an earlier run left goes."""
    offline.discard(host)
    target = host.path(layout.UNPACKED_BUNDLE)
    for folder in ("", *FOLDERS):
        (target / folder).mkdir(parents=True)
        (target / folder).chmod(0o755)  # apt reads as an account of its own
    with open(bundle.path, "rb", buffering=0) as source:
        for name, (size, _) in bundle.manifest.parts.items():
            if name != PROGRAM:
                _copy(source.fileno(), bundle.places[name], size, str(target / name))
    (host.path(offline.SOURCES)).write_text(f"deb [trusted=yes] file:{target / offline.DEBS} ./\n", encoding="utf-8")
    host.path(offline.LISTS).mkdir()
    host.path(offline.LISTS).chmod(0o755)
    host.link(layout.BUNDLE, layout.UNPACKED_BUNDLE)


def _copy(source: int, offset: int, size: int, target: str) -> None:
    with open(target, "wb", buffering=0) as file:
        while size > 0:
            if not (sent := os.sendfile(file.fileno(), source, offset, size)):
                raise UserError(f"{target} could not be unpacked: the bundle has become shorter", COPY_AGAIN)
            offset += sent
            size -= sent
    with contextlib.suppress(OSError):
        os.chmod(target, 0o644)
