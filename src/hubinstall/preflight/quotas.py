"""Whether the file system with the homes can have project quotas, and if not, what it takes on this very machine.

Only the standard library (checks.py).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine import accounts
from hubinstall.machine.host import Host
from hubinstall.quotas import kernel
from hubinstall.quotas.homes import SkippedError, opened

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

Words = tuple[tuple[str | int, ...], str, str]
"""The key, what is wrong, and what to do."""
GRUB = "rootflags=prjquota in GRUB_CMDLINE_LINUX (/etc/default/grub), then update-grub and a reboot"
SHOWN = 10
"""People who are named."""
KERNEL_HAS_QUOTAS = "/proc/sys/fs/quota"
OWN = (
    f"a file system of its own for {layout.HOMES}: `mkfs.ext4 -O project,quota DEVICE`, the homes moved to it, and"
    f" `DEVICE {layout.HOMES} ext4 defaults,prjquota 0 2` in /etc/fstab"
)


@dataclass(frozen=True)
class Mount:
    """What is mounted where homes are (proc(5), mountinfo)."""

    point: str
    kind: str
    source: str


def problems(host: Host, settings: "Settings") -> Iterator[Words]:
    home = settings.home
    if home.has_quotas and (words := trouble(host)):
        key = next(key for key in ("quota", "groups", "users") if getattr(home, key))
        yield ("home", key), *words


def warnings(host: Host, settings: "Settings", uids: tuple[int, int]) -> Iterator[Words]:
    """Whose homes have no quota although everybody, or they by name, should have one. `uids`: of people."""
    wanted = settings.home
    people = [p for p in accounts.homes(host, *uids) if wanted.quota or p.name in wanted.users]
    folder = str(host.path(layout.HOMES))
    owners = {person.home: person for person in people}

    def reason(home: str) -> str:
        try:
            with opened(folder, str(host.path(home)), owners[home].uid):
                return ""
        except SkippedError as error:
            return str(error)

    found = accounts.ask_homes(host, list(owners), reason)
    without = [f"{owners[home].name} ({why})" for home, why in found.items() if str(why)]
    if without:
        more = f" and {len(without) - SHOWN} more" if len(without) > SHOWN else ""
        words = f"is not for {', '.join(without[:SHOWN])}{more}"
        key = "quota" if wanted.quota else "users"
        yield ("home", key), words, f"try a home below {layout.HOMES} (usermod -d DIRECTORY -m), or leave it"


def trouble(host: Host) -> tuple[str, str] | None:
    """What is wrong, and what to try; None if quotas work."""
    there = mount(host, layout.HOMES)
    if there.kind not in {"ext4", "xfs"}:
        return _other(there)
    file = os.open(host.path(layout.HOMES), os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = kernel.state(file)
    finally:
        os.close(file)
    if found & kernel.ENFORCED:
        return None
    if not host.exists(KERNEL_HAS_QUOTAS):
        words = "this machine's kernel has no quotas"
        return words, "try the distribution's own kernel; in a container, quotas are its host's to set"
    words = f"{layout.HOMES} is on {there.source} ({there.kind}, mounted at {there.point}) without project quotas"
    return words, _cure(there, has_feature=there.kind == "xfs" or bool(found & kernel.COUNTED))


def mount(host: Host, path: str) -> Mount:
    found = Mount("/", "unknown", "none")
    for line in host.text("/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        point, rest = fields[4], fields[fields.index("-") + 1 :]
        if f"{path}/".startswith(f"{point.rstrip('/')}/") and len(point) >= len(found.point):
            found = Mount(point, rest[0], rest[1])
    return found


def _cure(there: Mount, *, has_feature: bool) -> str:
    point, device = there.point, there.source
    if point == "/":
        if has_feature:
            return f"try {GRUB}; or {OWN}"
        return f"try {OWN}; or, from a rescue system, `tune2fs -O project,quota {device}`, then here {GRUB}"
    option = f"the option prjquota for {point} in /etc/fstab"
    if has_feature:
        return f"try {option}, then `umount {point} && mount {point}`, while nobody works"
    return (
        f"try `umount {point}`, while nobody works, `tune2fs -O project,quota {device}`, {option}, and `mount {point}`"
    )


def _other(there: Mount) -> tuple[str, str]:
    words = f"{layout.HOMES} is on {there.kind} ({there.source}), which has no project quotas as ext4 and xfs have"
    if there.kind.startswith("nfs") or there.kind in {"cifs", "fuse.sshfs"}:
        return words, "try the file server's own quotas, and leave this out"
    return words, f"try {OWN}; or leave this out"
