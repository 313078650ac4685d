"""Whether the directories elsewhere that shares name (`path`) may be mounted into people's servers."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hubinstall.machine import accounts, mounts
from hubinstall.machine.docker import engine
from hubinstall.machine.host import Host

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

At = tuple[str | int, ...]
Words = tuple[At, str, str]
"""A key, what is wrong there, and what to do, as in preflight.checks.Problem."""


def problems(host: Host, settings: "Settings", least: int) -> Iterator[Words]:
    """`least`: where people's numbers begin on this machine. A directory that is not there, or does not answer, is no
    problem: servers start without it.
    """
    paths = {name: share.path for name, share in settings.shares.items() if share.path}
    if not paths:
        return
    uid_min, uid_max = settings.users.uids(least)
    homes = {person.home for person in accounts.homes(host, uid_min, uid_max) if person.home != "/"}
    taken: dict[str, str] = {}
    for name, path in paths.items():
        at = ("shares", name, "path")
        if path in taken:
            yield at, f"is also that of the share {taken[path]}", "try one share for it, or a directory below it"
        elif near := next((home for home in sorted(homes) if _overlap(path, home)), None):
            yield at, f"{path} and the home {near} overlap, and homes are not shared", "try a directory elsewhere"
        elif words := _is_dockers(host, path) or _replaceable(host, path):
            yield at, *words
        taken.setdefault(path, name)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _is_dockers(host: Host, path: str) -> tuple[str, str] | None:
    root = str(engine(host).info.get("DockerRootDir", ""))
    if root and _overlap(path, root):
        return f"{path} and Docker's own directory {root} overlap", "try a directory elsewhere"
    return None


def _replaceable(host: Host, path: str) -> tuple[str, str] | None:
    """Docker follows links with root's rights, so all directories above must be root's alone."""
    above = [str(folder) for folder in PurePosixPath(path).parents]
    seen = mounts.ask(host, above, host.stat)
    for folder in reversed(above):
        found = seen[folder]
        if found is None or isinstance(found, OSError):
            return None
        if found.kind == "link":
            return f"{folder} is a link", f"try the path without links, as `realpath {path}` shows it"
        if not accounts.only_root_writes(host, folder):
            words = (
                f"{folder}, in which it is, can be changed by others than root, who could put a link to any place there"
            )
            return words, f"try chown root {folder} and chmod go-w {folder}, or a directory elsewhere"
    return None
