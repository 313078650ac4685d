"""What the machine is: everything that the blueprint needs to know about it, gathered once into one flat record.

This makes the blueprint a pure function: the same settings and facts always give the same desired state. So an
installation must not change a fact: each is the same before it, after it, and while a service is down.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine import way_out
from hubinstall.machine.docker import engine
from hubinstall.machine.folder import Folder
from hubinstall.machine.gpus import gpus
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import has_sshd
from hubinstall.machine.network import (
    addresses,
    has_bridge_filter,
    has_connection_counts,
    memory,
    resolvers,
    routes,
)
from hubinstall.machine.nginx_sites import others_sites
from hubinstall.machine.releases import Release, release


@dataclass(frozen=True)
class Facts:
    """One machine as it is now. There are no defaults: `gather` finds out every fact."""

    distribution: str
    codename: str
    version: str
    arch: str
    python: str
    """The version (3.N) of the distribution's /usr/bin/python3."""
    manager: str
    """The process manager: "systemd" if it is PID 1, else "supervisor"."""
    memory: int
    """Bytes; in a container or VM, its limit."""
    cpus: int
    hostname: str
    addresses: tuple[str, ...]
    """The host's own, without loopback and container bridges; those of the device with the default route first."""
    resolvers: tuple[str, ...]
    """Name servers for containers; instead of a stub on loopback, its upstream servers."""
    routes: tuple[str, ...]
    """Connected networks (CIDR) that are not ours."""
    docker: str
    """The Engine's version; empty if there is none."""
    docker_adopted: bool
    """The Engine did not come with the distribution's package: it was there before us."""
    docker_keeps_containers: bool
    """The Engine's command line has --live-restore; dockerd rejects a daemon.json that repeats an option of it."""
    cgroup_driver: str
    nginx: str
    """The version that is installed, or else the release's."""
    nginx_encodings: tuple[str, ...]
    """The compressions in which this nginx can serve pre-compressed files: gzip, br."""
    nginx_ports: tuple[str, ...]
    """The TCP ports on which the administrator's own nginx sites listen."""
    nginx_default_servers: tuple[str, ...]
    """The ports among these on which one of the sites is default_server."""
    nginx_keeps_default_site: bool
    """The distribution's default site was modified: it is the administrator's, and stays."""
    bridge_netfilter: bool
    """The kernel can pass bridged packets through the filters for routed packets."""
    bridge_filter: bool
    """The kernel's nftables can filter bridged frames."""
    connection_counts: bool
    """The kernel's nftables can count the open connections of an address."""
    apparmor: bool
    foreign_service_policy: bool
    """A policy-rc.d that is not ours decides which services packages may start."""
    uid_min: int
    sshd: bool
    """There is an sshd, whether it runs or not."""
    proxy_addresses: tuple[str, ...]
    """Of the site's proxy; empty if there is none, or if its name does not resolve and never did."""
    mirror_addresses: dict[str, tuple[str, ...]]
    """Name or address of a mirror of Python or Node packages → its addresses, as for the proxy."""
    apt_hosts: tuple[str, ...]
    """The hosts of apt's sources; empty if there is no proxy, or apt reaches none over HTTP."""
    authorities: tuple[str, ...]
    """The certificates in network.ca_bundle, each as PEM."""
    gpus: tuple[str, ...]
    """The UUIDs of NVIDIA's cards, where their driver works."""
    dropins: dict[str, str]
    """Path → SHA-256 of the administrator's drop-ins for the hub and nginx."""
    environments: dict[str, dict[str, str]]
    """Name → the lists of its packages: the name of the file → its text. Those without any are left out."""
    folders: dict[str, Folder]
    """Name → what its `folder` asks for (installation/folders); of environments without one there is none."""
    hub_packages: str
    """The locked list of a site's own packages for the hub (installation/hub_packages.py); empty if there are none."""


def gather(
    host: Host, process_manager: str = "auto", *, proxy: str = "", mirrors: tuple[str, ...] = (), ca_bundle: str = ""
) -> Facts:
    """Find out all facts; starts no daemon, changes nothing. `process_manager` is the setting; `proxy`, `mirrors`: the
    names or addresses of the site's; `ca_bundle`: a path.
    """
    system = os_release(host)
    brings = release(system["ID"], system["VERSION_ID"])
    manager = running_manager(host) if process_manager == "auto" else process_manager
    cgroup_version = 2 if host.exists("/sys/fs/cgroup/cgroup.controllers") else 1
    uids = login_numbers(host)
    docker = engine(host)
    sites = others_sites(host)
    rules = host.text(layout.FIREWALL_RULES)
    return Facts(
        distribution=system["ID"],
        codename=system["VERSION_CODENAME"] or brings.codename,
        version=system["VERSION_ID"],
        arch=architecture(),
        python=distribution_python(host) or brings.python,
        manager=manager,
        memory=memory(host),
        cpus=os.cpu_count() or 1,
        hostname=host.text("/proc/sys/kernel/hostname").strip() or "localhost",
        addresses=addresses(host),
        resolvers=resolvers(host),
        routes=routes(host),
        docker=docker.version,
        docker_adopted=bool(docker.version) and not docker_is_the_distributions(host),
        docker_keeps_containers="--live-restore" in engine_flags(host),
        cgroup_driver=docker.cgroup_driver or configured_cgroup_driver(host) or default_driver(manager, cgroup_version),
        nginx=nginx_version(host) or brings.nginx,
        nginx_encodings=nginx_encodings(host, brings, known=brings.version == system["VERSION_ID"]),
        nginx_ports=sites.ports,
        nginx_default_servers=sites.defaults,
        nginx_keeps_default_site=sites.keeps_default_site,
        bridge_netfilter=has_bridge_netfilter(host),
        bridge_filter=has_bridge_filter(host),
        connection_counts=has_connection_counts(host),
        apparmor=host.text("/sys/module/apparmor/parameters/enabled").strip() == "Y",
        foreign_service_policy=host.exists(layout.POLICY_RC_D) and "hubinstall" not in host.text(layout.POLICY_RC_D),
        uid_min=uids.get("UID_MIN", 1000),
        sshd=has_sshd(host),
        proxy_addresses=way_out.addresses_of(proxy, rules),
        mirror_addresses={name: way_out.addresses_of(name, rules) for name in mirrors},
        apt_hosts=apt_hosts(host) if proxy else (),
        authorities=way_out.certificates(host.text(ca_bundle)) if ca_bundle else (),
        gpus=gpus(host),
        dropins=dropins(host),
        environments=environments(host),
        folders={},
        hub_packages="",
    )


def os_release(host: Host) -> dict[str, str]:
    """The fields ID, VERSION_ID, VERSION_CODENAME and PRETTY_NAME of os-release(5); empty where they are missing."""
    fields = dict.fromkeys(("ID", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME"), "")
    for line in (host.text("/etc/os-release") or host.text("/usr/lib/os-release")).splitlines():
        name, _, value = line.partition("=")
        fields[name] = value.strip().strip("\"'")
    return fields


def architecture() -> str:
    """Debian's name for it: amd64, arm64; for others the kernel's name."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def running_manager(host: Host) -> str:
    """The process manager of this machine. This directory exists exactly if systemd is PID 1 (sd_booted(3))."""
    return "systemd" if host.exists(layout.SYSTEMD_RUNS) else "supervisor"


def distribution_python(host: Host) -> str:
    """The version (3.N) to which the link /usr/bin/python3 points; empty if it is no such link."""
    stat = host.stat("/usr/bin/python3")
    found = re.search(r"python(3\.\d+)$", stat.target if stat else "")
    return found[1] if found else ""


def docker_is_the_distributions(host: Host) -> bool:
    """Whether dockerd came with docker.io: it is in dpkg's list of that package's files."""
    return "/dockerd\n" in host.text("/var/lib/dpkg/info/docker.io.list")


def engine_flags(host: Host) -> str:
    pid = host.text(layout.DOCKER_PID).strip()
    return host.text(f"/proc/{pid}/cmdline").replace("\0", " ") if pid.isdigit() else ""


def configured_cgroup_driver(host: Host) -> str:
    """The driver that daemon.json sets for an Engine that does not run; empty if it sets none."""
    try:
        options = json.loads(host.text(layout.DAEMON_JSON) or "{}").get("exec-opts", [])
        return next((o.partition("=")[2] for o in options if o.startswith("native.cgroupdriver=")), "")
    except (ValueError, AttributeError, TypeError):
        return ""  # preflight reports what is wrong with the file


def default_driver(manager: str, cgroup_version: int) -> str:
    """The driver that dockerd chooses by itself since 20.10 (docs.docker.com, dockerd: native.cgroupdriver)."""
    return "systemd" if manager == "systemd" and cgroup_version == 2 else "cgroupfs"


def nginx_version(host: Host) -> str:
    found = re.search(r"nginx/(\d+\.\d+)", nginx_words(host))
    return found[1] if found else ""


def nginx_encodings(host: Host, brings: Release, *, known: bool) -> tuple[str, ...]:
    """The compressions that nginx can serve. The Brotli module only fits the release's own nginx, so Brotli needs a
    `known` release and an nginx that is, or will be, its own.
    """
    version = nginx_version(host)
    can_gzip = not version or "--with-http_gzip_static_module" in nginx_words(host)
    is_the_distributions = not version or (
        version == brings.nginx and host.exists("/var/lib/dpkg/info/nginx-common.list")
    )
    brotli = brings.brotli and known and is_the_distributions
    return (*(["gzip"] if can_gzip else []), *(["br"] if brotli else []))


def nginx_words(host: Host) -> str:
    """The output of `nginx -V`: its version and build options; empty if there is no nginx."""
    if host.which("nginx") is None:
        return ""
    done = host.once("nginx -V", lambda: host.query(["nginx", "-V"], check=False))
    return done.stderr + done.stdout


def has_bridge_netfilter(host: Host) -> bool:
    """Whether the kernel can pass bridged packets through its filters, now or once the module is loaded."""
    if host.exists("/proc/sys/net/bridge/bridge-nf-call-iptables"):
        return True
    modules = f"/lib/modules/{host.text('/proc/sys/kernel/osrelease').strip()}"
    return any("/br_netfilter.ko" in host.text(f"{modules}/{name}") for name in ("modules.dep", "modules.builtin"))


def login_numbers(host: Host) -> dict[str, int]:
    """The numbers in login.defs(5), among them the UID range of people's accounts."""
    found = re.findall(r"^\s*([A-Z_]+)\s+(\d+)\s*$", host.text("/etc/login.defs"), re.MULTILINE)
    return {name: int(value) for name, value in found}


def apt_hosts(host: Host) -> tuple[str, ...]:
    """In both formats of apt's sources (sources.list(5))."""
    folder = "/etc/apt/sources.list.d"
    files = [f"{folder}/{name}" for name in host.names(folder) if name.endswith((".list", ".sources"))]
    text = "\n".join(host.text(path) for path in ("/etc/apt/sources.list", *files))
    return tuple(sorted(set(re.findall(r"\bhttps?://(?:[^/\s@]+@)?([a-z0-9.-]+)", text.lower()))))


def dropins(host: Host) -> dict[str, str]:
    found = {}
    for folder, suffix in ((layout.HUB_DROPINS, ".py"), (layout.NGINX_DROPINS, ".conf")):
        for name in host.names(folder):
            if name.endswith(suffix):
                path = f"{folder}/{name}"
                found[path] = hashlib.sha256(host.read(path) or b"").hexdigest()
    return found


def environments(host: Host) -> dict[str, dict[str, str]]:
    """The lists of packages in each environment's directory."""
    found = {}
    for name in host.names(layout.ENVIRONMENTS):
        texts = {file: host.text(f"{layout.ENVIRONMENTS}/{name}/{file}") for file in layout.ENVIRONMENT_FILES}
        if lists := {file: text for file, text in texts.items() if text.strip()}:
            found[name] = lists
    return found
