"""Why a Docker Engine cannot work here, or the existing one cannot be used."""

import json
import re
from collections.abc import Iterator
from typing import Any

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.docker import attached, docker_query, engine, info, inspect_network
from hubinstall.machine.host import Host
from hubinstall.machine.mounts import table
from hubinstall.resources.files.json_keys import parse

OLDEST = (20, 10)
DATA = "/var/lib/docker"
CAPABILITIES = {12: "CAP_NET_ADMIN", 21: "CAP_SYS_ADMIN"}
"""The capabilities(7) that dockerd needs, by number."""
CONTROLLERS = {"blkio", "cpu", "cpuset", "devices", "freezer", "memory", "pids"}
Words = tuple[str, str]
"""What is wrong, and what to do."""


def problems(host: Host) -> Iterator[Words]:
    """Judged by the Engine, not by a `docker` command in the path."""
    yield from _others_engines(host)
    try:
        parse(layout.DAEMON_JSON, host.read(layout.DAEMON_JSON))
    except UserError as error:
        yield error.message, error.hint
    there = engine(host)
    release = re.match(r"(\d+)\.(\d+)", there.version)
    if release and (int(release[1]), int(release[2])) < OLDEST:
        yield f"Docker {there.version} is too old", "Upgrade it to 20.10 or later, and run it again."
    if there.running:
        yield from _unfit(there.info)
    else:
        yield from _unfit_machine(host)


def _others_engines(host: Host) -> Iterator[Words]:
    if host.exists("/snap/bin/docker"):
        yield (
            "Docker is installed as a snap, which cannot access homes, shared folders and the hub's files",
            "Remove it (`snap remove docker`; its images go with it), and run it again: it installs Debian's Docker.",
        )
    socket = host.stat(layout.DOCKER_SOCKET)
    if "podman" in (socket.target if socket else "") or b"podman" in (host.read("/usr/bin/docker", 4096) or b""):
        yield (
            "`docker` is podman's emulation here; user servers need a real Docker Engine",
            "Remove it (`apt-get remove podman-docker`), and run it again. podman itself can stay.",
        )


def _unfit(found: dict[str, Any]) -> Iterator[Words]:
    if any("rootless" in option for option in found.get("SecurityOptions") or []):
        yield (
            f"the Docker Engine at {layout.DOCKER_SOCKET} runs rootless and cannot start servers as other accounts",
            "Stop it, or give it another socket, and run it again: it installs Debian's Docker.",
        )
    if (found.get("Swarm") or {}).get("LocalNodeState") in {"active", "pending", "locked"}:
        yield (
            "this Docker Engine is part of a swarm, where containers cannot survive its restart (live-restore)",
            "Leave the swarm (`docker swarm leave`), or use another machine.",
        )


def _unfit_machine(host: Host) -> Iterator[Words]:
    """Containers and sandboxes in which Docker cannot start; it would say so only in its log."""
    effective = re.search(r"^CapEff:\s+([0-9a-f]+)", host.text("/proc/self/status"), re.MULTILINE)
    held = int(effective[1], 16) if effective else -1
    missing = [name for bit, name in CAPABILITIES.items() if not held >> bit & 1]
    if missing:
        yield (
            f"Docker cannot run here: root lacks {', '.join(missing)}, as in an unprivileged container",
            "Use a virtual or physical machine, or start this container with all capabilities.",
        )
        return
    mounts = table(host)
    closed = [
        point for point, (kind, options) in mounts.items()
        if "ro" in options and (
            (kind == "cgroup" and set(point.rpartition("/")[2].split(",")) & CONTROLLERS)
            or (kind == "cgroup2" and point == "/sys/fs/cgroup")
        )
    ]  # fmt: skip
    if closed:
        yield (
            f"Docker cannot run here: these are mounted read-only: {', '.join(closed)}",
            f"Make each of them writable: `mount -o remount,rw,bind {closed[0]}`.",
        )
    point = max((p for p in mounts if f"{DATA}/".startswith(p.rstrip("/") + "/")), key=len, default="/")
    if mounts.get(point, ("", []))[0] == "overlay":
        yield (
            f"Docker cannot keep images in {DATA}: it is on overlayfs (the root file system of a container)",
            f"Mount a disk or a volume at {DATA}, and run it again.",
        )


def user_servers(host: Host) -> list[str]:
    """The names of people's running servers."""
    if not info(host):
        return []
    listed = docker_query(
        host, "ps", "--filter", f"label={layout.USER_LABEL}", "--format", "{{json .Names}}", check=False
    )
    return sorted(json.loads(line) for line in listed.stdout.splitlines())


def subnet_of(host: Host, network: str) -> str:
    """The subnet of a Docker network while containers run on it; empty if none do."""
    found = inspect_network(host, network)
    pools = found["IPAM"]["Config"] if found and attached(found) else []
    return str(pools[0].get("Subnet", "")) if pools else ""
