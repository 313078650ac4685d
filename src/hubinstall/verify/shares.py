"""Shares that people do not see as the settings say: one elsewhere that is away, a name that is taken in a home."""

from hubinstall.machine import mounts
from hubinstall.machine.host import Host, Stat
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.accounts.shared_folder import trouble
from hubinstall.resources.base import Resource

SHOWN = 10
"""Places that are named."""
OWNERS_ALONE = "An sshfs or other FUSE file system shows others nothing, nor root: mount it with allow_other."
Row = tuple[str, str, str, str]


def shares(host: Host, resources: list[Resource]) -> Row:
    """Name, state, message and hint."""
    there = [resource for resource in resources if isinstance(resource, Share)]
    away, taken = _away(host, there), [path for share in there for path in share.taken(host)]
    named = [f"{path} {trouble(found)}" for path, found in away.items()]
    closed = [name for share in there if not share.path for name in share.unreadable(host)]
    parts = [f"{len(there)} share{'s' * (len(there) != 1)}", *named]
    hints = ["See that its server answers and that it is mounted."] if away else []
    if any(isinstance(found, PermissionError) for found in away.values()):
        hints.append(OWNERS_ALONE)
    if taken:
        parts.append(f"people have something else under the name of a share: {_some(taken)}")
        hints.append("It stays. Give the share another name, or ask them to move it, then run: hubinstall apply")
    if closed:
        parts.append(f"readable for root alone: {_some(closed)}")
        hints.append("Run: chmod -R o+rX, or g+rX where only a group reads, with that name.")
    return "shares", "warning" if hints else "ok", "; ".join(parts), " ".join(hints)


def _away(host: Host, there: list[Share]) -> dict[str, Stat | OSError | None]:
    """Place elsewhere → what is there instead of a directory."""
    seen = mounts.ask(host, [share.path for share in there if share.path], host.stat)
    return {path: found for path, found in seen.items() if not is_directory(found)}


def is_directory(found: object) -> bool:
    return getattr(found, "kind", "") == "dir"


def _some(words: list[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")
