"""Queries that every plan sends to other processes or the kernel: started early, while Python is busy.

Each takes 5 to 30 ms. The answers are in the host's cache (query_cache.py) by the time they are needed.
"""

from collections.abc import Iterable
from functools import partial

from hubinstall import layout
from hubinstall.machine import docker, listening_ports
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers import systemd
from hubinstall.resources.base import Resource
from hubinstall.resources.packages import apt

ASK_ANOTHER = ("image", "image-layer", "firewall-table", "self-signed-certificate", "acme-certificate")
"""The kinds whose actual state another process must report; which one is known only from the settings."""


def begin(host: Host) -> None:
    """Start the queries that do not depend on the settings. This only saves time: any of them may be sent again."""
    network = partial(docker.inspect_network, name=layout.NETWORK)
    for ask in (docker.info, network, apt.statuses, listening_ports.listening):
        host.ahead(partial(ask, host))
    if host.exists(layout.SYSTEMD_RUNS):
        host.ahead(partial(systemd.units, host))


def continue_with(host: Host, resources: Iterable[Resource]) -> None:
    """Start the queries that depend on the settings."""
    for resource in resources:
        if resource.kind in ASK_ANOTHER:
            host.ahead(partial(resource.actual, host))
