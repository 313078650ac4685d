"""Facts of a machine that no test needs to describe in full."""

import dataclasses
from typing import Any

from hubinstall.machine.facts import Facts

DEBIAN_12 = Facts(
    distribution="debian",
    codename="bookworm",
    version="12",
    arch="amd64",
    python="3.11",
    manager="systemd",
    memory=4 << 30,
    cpus=2,
    hostname="localhost",
    addresses=(),
    resolvers=(),
    routes=(),
    docker="",
    docker_adopted=False,
    docker_keeps_containers=False,
    cgroup_driver="cgroupfs",
    nginx="1.22",
    nginx_encodings=("gzip", "br"),
    nginx_ports=(),
    nginx_default_servers=(),
    nginx_keeps_default_site=False,
    bridge_netfilter=True,
    bridge_filter=True,
    connection_counts=True,
    apparmor=False,
    foreign_service_policy=False,
    uid_min=1000,
    sshd=False,
    proxy_addresses=(),
    mirror_addresses={},
    apt_hosts=(),
    authorities=(),
    gpus=(),
    dropins={},
    environments={},
    folders={},
    hub_packages="",
)
"""A small machine of Debian's, on which nothing is installed yet."""


def fake_facts(**known: Any) -> Facts:
    """Those of a machine like DEBIAN_12, but for what is `known`."""
    return dataclasses.replace(DEBIAN_12, **known)
