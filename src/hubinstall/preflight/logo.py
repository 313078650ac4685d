"""Whether the hub can show the picture that hub.logo names."""

import os
import stat
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hubinstall.machine.host import Host

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

LARGEST = 1 << 20
"""Bytes; every visitor loads it."""
BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")
"""Of a PNG, JPEG, GIF or WebP file; an SVG is text."""
SVG_WITHIN = 4096
HIDDEN = ("/home/", "/root/", "/tmp/", "/var/tmp/", "/run/user/")  # noqa: S108 - to refuse them
"""What the hub's unit does not see (systemd.exec(5), ProtectHome and PrivateTmp)."""
AT = ("hub", "logo")
Words = tuple[tuple[str, ...], str, str]
"""The key, what is wrong, and what to do."""


def problems(host: Host, settings: "Settings") -> Iterator[Words]:
    logo = settings.hub.logo
    if logo and (words := trouble(host, logo)):
        yield AT, words[0], words[1]


def trouble(host: Host, logo: str) -> tuple[str, str] | None:
    """What is wrong with the picture, and what to try; None if the hub can show it."""
    real = real_path(host, logo)
    if real.startswith(HIDDEN):
        return f"the hub cannot read {logo} there", "try a copy of it in /usr/local/share"
    path = host.path(real)
    if not path.is_file():
        return f"there is no file {logo}", "try the path of a picture on this machine, or leave hub.logo out"
    above = map(str, (PurePosixPath(real), *PurePosixPath(real).parents))
    if closed := [name for name in above if not open_to_all(host, name)]:
        return f"not everyone may read {closed[0]}", f"try `chmod o+rX {closed[0]}`"
    if path.stat().st_size > LARGEST:
        return f"{logo} is larger than 1 MB, and every visitor loads it", "try a smaller picture"
    beginning = host.read(real, SVG_WITHIN) or b""
    if not beginning.startswith(BEGINNINGS) and b"<svg" not in beginning:
        return f"{logo} is no PNG, SVG, JPEG, GIF or WebP picture", "try one of these"
    return None


def real_path(host: Host, path: str) -> str:
    """Where the links of the path lead."""
    there = os.path.relpath(host.path(path).resolve(), host.root.resolve())
    return f"/{there}"


def open_to_all(host: Host, path: str) -> bool:
    mode = host.path(path).stat().st_mode
    return bool(mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH))
