"""The control groups of people's servers: which containers have processes there, whether Docker knows them or not.

A container outlives its Engine under containerd's shim (live-restore). An Engine that comes back with another data
directory does not know it, so that nobody can reach or end it through Docker. It is found where all of them run.
"""

import re
from collections.abc import Callable

from hubinstall import layout

MOUNTED = "/sys/fs/cgroup"
# Version 2 has one hierarchy; version 1 has one per controller, and every container is in all of them.
HIERARCHIES = (MOUNTED, f"{MOUNTED}/pids", f"{MOUNTED}/memory", f"{MOUNTED}/systemd")
# systemd nests a slice by its name (systemd.slice(5)); Docker's driver cgroupfs does not.
PARENTS = (layout.USERS_CGROUP, f"{layout.USERS_CGROUP.partition('-')[0]}.slice/{layout.USERS_SLICE}")
_ID = re.compile(r"[0-9a-f]{64}")
"""In the name of a container's group: the whole name, or `docker-ID.scope` (systemd's driver)."""


def running(names: Callable[[str], list[str]], text: Callable[[str], str]) -> dict[str, list[int]]:
    """Container id → its processes. `names`: what is in a directory; `text`: the content of a file; both empty if there
    is none.
    """
    found: dict[str, list[int]] = {}
    for top in (f"{hierarchy}/{parent}" for hierarchy in HIERARCHIES for parent in PARENTS):
        for name in names(top):
            id_ = _ID.search(name)
            if id_ and id_[0] not in found and (pids := text(f"{top}/{name}/cgroup.procs").split()):
                found[id_[0]] = [int(pid) for pid in pids]
    return found


def folders(names: Callable[[str], list[str]], controller: str) -> dict[str, str]:
    """Container id → the directory of its group, which has the files of this controller ("memory", "cpuacct")."""
    found: dict[str, str] = {}
    for top in (f"{hierarchy}/{parent}" for hierarchy in (MOUNTED, f"{MOUNTED}/{controller}") for parent in PARENTS):
        for name in names(top):
            if id_ := _ID.search(name):
                found[id_[0]] = f"{top}/{name}"
    return found
