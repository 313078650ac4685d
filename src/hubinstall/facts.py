"""What the machine is: everything that the blueprint needs to know of it, looked up once, in one flat record.

With it the blueprint is a pure function: the same settings and facts always make the same wishes.
"""

from dataclasses import dataclass, field

from hubinstall.host import Host


@dataclass(frozen=True)
class Facts:
    """One machine, as it is now."""

    distribution: str = "debian"
    codename: str = "bookworm"
    version: str = "12"
    arch: str = "amd64"
    python: str = "3.11"
    """Of the distribution's /usr/bin/python3."""
    manager: str = "systemd"
    """What runs services here: "systemd" where it is PID 1, else "supervisor"."""
    cgroup_version: int = 2
    memory: int = 4 << 30
    """Bytes; of a container or VM what it may use."""
    cpus: int = 2
    hostname: str = "localhost"
    addresses: tuple[str, ...] = ()
    """The host's own, without loopback and container bridges."""
    resolvers: tuple[str, ...] = ()
    """Name servers that containers will ask; loopback ones resolved to their upstreams."""
    routes: tuple[str, ...] = ()
    """Connected networks (CIDR) that are not ours."""
    docker: str = ""
    """The Engine's version; empty when there is none."""
    docker_adopted: bool = False
    """The Engine was there before us, from another source than the distribution's package."""
    cgroup_driver: str = "cgroupfs"
    nginx: str = "1.22"
    """The version that is there, or that the release brings."""
    bridge_netfilter: bool = True
    apparmor: bool = False
    uid_min: int = 1000
    uid_max: int = 60000
    dropins: dict[str, str] = field(default_factory=dict)
    """Path → SHA-256 of the administrator's drop-ins of hub and nginx."""


@dataclass(frozen=True)
class Problem:
    """Why hubinstall cannot work here."""

    message: str
    hint: str


def gather(host: Host, process_manager: str = "auto") -> Facts:
    """Look the facts up; starts no daemon, changes nothing. `process_manager` is the setting."""
    raise NotImplementedError
