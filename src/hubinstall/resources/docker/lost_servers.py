"""People's servers that the running Engine does not know, because its data directory was moved or replaced.

They keep an address of the network, a place in memory and a home in use, and nobody can reach them any more.
"""

import contextlib
import json
import os
import re
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.hubside import cgroups
from hubinstall.machine.docker import container_ids
from hubinstall.machine.host import Host

STEP = 0.1
"""Seconds between two checks whether they are gone."""
GRACE = 200
"""Steps that a server gets to stop its kernels."""
SOON = 50
"""Steps until processes that were killed are gone."""
NETWORK_NAMESPACES = "/run/docker/netns"
TASKS = "/run/containerd/io.containerd.runtime.v2.task/moby"
"""containerd's directory of the Engine's containers; with another one, only their mounts stay."""
CTR = ("ctr", "--address", layout.CONTAINERD_SOCKET, "--namespace", "moby")


@dataclass(frozen=True)
class LostServer:
    """`first`: the container's init, with which all of its processes end. `person`: empty if it is not ours."""

    id: str
    first: int
    person: str


def lost_servers(host: Host) -> list[LostServer]:
    """Ours. None while the Engine does not answer: then nothing is lost yet."""
    return [found for found in unknown(host) if found.person]


def foreign(host: Host) -> list[str]:
    """The ids of others that somebody has put into our control group. They are never ended."""
    return [found.id for found in unknown(host) if not found.person]


def unknown(host: Host) -> list[LostServer]:
    """All in our control group that the Engine does not know."""
    there = cgroups.running(host.names, lambda path: proc_text(host, path))
    known = container_ids(host) if there else None
    if known is None or not there.keys() - known:
        return []
    # What was removed between the two questions is gone by now.
    again = cgroups.running(host.names, lambda path: proc_text(host, path))
    return [of(host, id_, again[id_]) for id_ in sorted(again.keys() & there.keys() - known)]


def of(host: Host, id_: str, pids: list[int]) -> LostServer:
    """Ours has our hook among its mounts, too."""
    first = next((pid for pid in pids if is_init(proc_text(host, f"/proc/{pid}/status"))), 0)
    mounts = proc_text(host, f"/proc/{first}/mountinfo")
    if not any(line.split(" ")[4] == layout.HOME_HOOK for line in mounts.splitlines()):
        return LostServer(id_, first, "")
    user = re.search(r"(?:\A|\0)NB_USER=([\w.@+\\'-]{1,254})\0", proc_text(host, f"/proc/{first}/environ"))
    return LostServer(id_, first, user[1] if user else f"container {id_[:12]}")


def is_init(status: str) -> bool:
    """Whether it is process 1 of a PID namespace (proc(5), NSpid: the last number is the innermost)."""
    numbers = re.search(r"^NSpid:\s*\d+\s+(?:\d+\s+)*?(\d+)$", status, re.MULTILINE)
    return bool(numbers and numbers[1] == "1")


def proc_text(host: Host, path: str) -> str:
    """Empty, too, if the process is gone."""
    try:
        return host.text(path)
    except OSError:
        return ""


def end(host: Host) -> None:
    """End all of them, cleanly first, and remove what keeps their addresses and root file systems in use.

    Raises UserError if one cannot be ended.
    """
    servers = lost_servers(host)
    namespaces = {server.id: network_namespace(host, server.first) for server in servers}
    roots = {server.id: root_of(host, server.id) for server in servers}
    for signal, steps in (("TERM", GRACE), ("KILL", SOON)):
        for server in alive(host, servers):
            host.run(["sh", "-c", 'kill -s "$0" "$1"', signal, str(server.first)], check=False)
        for _ in range(steps):
            if not alive(host, servers):
                break
            host.wait(STEP)
    if left := alive(host, servers):
        raise UserError(
            f"these servers cannot be ended: {', '.join(server.person for server in left)}",
            "Docker no longer knows them, and the kernel does not end them. Restart this machine.",
        )
    for server in servers:
        for of_what in ("tasks", "containers"):
            host.run([*CTR, of_what, "delete", server.id], check=False)
        for point in (namespaces[server.id], roots[server.id]):
            if point:
                host.run(["umount", point], check=False)


def alive(host: Host, servers: list[LostServer]) -> list[LostServer]:
    """A number is used again by the kernel: what counts is which container it is in."""
    pids = cgroups.running(host.names, lambda path: proc_text(host, path))
    return [server for server in servers if server.first in pids.get(server.id, [])]


def kill_command(id_: str) -> str:
    """For people, to end a container that is not ours."""
    return " ".join([*CTR, "task", "kill", "--signal", "KILL", id_])


def network_namespace(host: Host, pid: int) -> str:
    """The file that keeps the container's network, and its address, after its last process; empty if there is none."""
    with contextlib.suppress(OSError):
        wanted = os.stat(host.path(f"/proc/{pid}/ns/net")).st_ino
        for name in host.names(NETWORK_NAMESPACES):
            path = f"{NETWORK_NAMESPACES}/{name}"
            if os.stat(host.path(path)).st_ino == wanted:
                return path
    return ""


def root_of(host: Host, id_: str) -> str:
    """Where its root file system is mounted; empty if that is not known."""
    try:
        path = json.loads(host.text(f"{TASKS}/{id_}/config.json"))["root"]["path"]
    except (ValueError, KeyError, TypeError):
        return ""
    return path if isinstance(path, str) and path.startswith("/") and path != "/" else ""
