"""The wheels that builds have downloaded, kept for the next build: files, which are checked whenever they are used.

uv's own cache is no place for this: what is unpacked there was compared with its hash when it came, and is not again
(github.com/astral-sh/uv/pull/2945), so that a program of one package could change what another environment gets. A
build sees only the files that its list names, and cannot write to them; what it downloads is taken when it has ended.
"""

import contextlib
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from io import BufferedReader

from hubinstall import layout
from hubinstall.machine.careful_copy import FILE, opened
from hubinstall.machine.docker import inspect_image
from hubinstall.machine.host import Host
from hubinstall.resources.base import digest
from hubinstall.resources.docker.image_copy import UNFINISHED, take

MOST = 4 << 30
"""Bytes of all that is kept. What was not used for the longest time goes."""
WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl")
KEPT = re.compile(rf"([0-9a-f]{{64}})\.({WHEEL.pattern})")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
BLOCK = re.compile(r"^(?=[^\s#])", re.MULTILINE)


def folder(host: Host) -> str:
    """Where they are; below uv's cache if the administrator has one elsewhere."""
    elsewhere = host.environment("UV_CACHE_DIR")
    return f"{elsewhere}/wheels" if elsewhere else layout.WHEELS


def bring(host: Host, base: str, requirements: str, place: str) -> str:
    """Put the wheels of a list that are kept into the directory `place`, and return the rest of the list: a package a
    line, after the options. `base`: the image for which they are, because a wheel may fit one Python and not another.
    """
    there = {
        found[1]: (f"{_folder_for(host, base)}/{found[0]}", found[2])
        for name in host.names(_folder_for(host, base))
        if (found := KEPT.fullmatch(name))
    }
    lacking = []
    for block in BLOCK.split(requirements):
        line = " ".join(re.sub(r"(^|\s)#.*", "", block).replace("\\\n", " ").split())
        if line and not any(_bring(host, *there[sum_], sum_, place) for sum_ in HASH.findall(block) if sum_ in there):
            lacking.append(line)
    return "".join(f"{line}\n" for line in lacking)


def _bring(host: Host, path: str, name: str, sum_: str, place: str) -> bool:
    """Whether the file is what it is called: it goes if it is not, such as after a power failure."""
    with contextlib.suppress(OSError):
        with open(host.path(path), "rb") as file:
            good = hashlib.file_digest(file, "sha256").hexdigest() == sum_
        if good:
            with host.changing(path):
                os.utime(host.path(path))
            take(host, path, f"{place}/{name}")
            return True
        host.remove(path)
    return False


def keep(host: Host, base: str, requirements: str, place: str) -> None:
    """Copy from the directory `place`, to which the programs of a build could write, the wheels that the list names.
    What cannot be kept, on a full disk, is downloaded again.
    """
    with contextlib.suppress(OSError):
        _keep(host, _folder_for(host, base), set(HASH.findall(requirements)), place)
        _trim(host)


def _keep(host: Host, target: str, wanted: set[str], place: str) -> None:
    for path in (folder(host), target):
        host.mkdir(path, mode="0700")
    for name, file in _wheels(str(host.path(place))):
        sum_ = hashlib.file_digest(file, "sha256").hexdigest()
        path = f"{target}/{sum_}.{name}"
        if sum_ in wanted and not host.exists(path):
            file.seek(0)
            with host.changing(path), open(host.path(path + UNFINISHED), "wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
            host.rename(path + UNFINISHED, path)


def _wheels(place: str) -> Iterator[tuple[str, BufferedReader]]:
    """Name and content of the wheels in a directory. No link is followed."""
    with contextlib.suppress(OSError):
        directory = opened(place)
        try:
            for name in sorted(filter(WHEEL.fullmatch, os.listdir(directory))):
                with open(os.open(name, FILE, dir_fd=directory), "rb") as file:
                    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        yield name, file
        finally:
            os.close(directory)


def _trim(host: Host) -> None:
    left = MOST
    for path, about in sorted(_kept(host), key=lambda found: -found[1].st_mtime):
        unfinished = path.endswith(UNFINISHED)
        left -= 0 if unfinished else about.st_size
        if left < 0 or unfinished:
            host.remove(path)


def size(host: Host) -> int:
    """Bytes of all that is kept."""
    return sum(about.st_size for _, about in _kept(host))


def _kept(host: Host) -> Iterator[tuple[str, os.stat_result]]:
    for key in host.names(folder(host)):
        for name in host.names(f"{folder(host)}/{key}"):
            path = f"{folder(host)}/{key}/{name}"
            with contextlib.suppress(FileNotFoundError):
                yield path, host.path(path).lstat()


def _folder_for(host: Host, base: str) -> str:
    """The default image's tag follows from what it is made of. Another name may mean another image tomorrow."""
    ours = base.startswith(f"{layout.IMAGE_REPOSITORY}:")
    return f"{folder(host)}/{digest(base if ours else inspect_image(host, base).get('Id', ''))[:12]}"
