"""The questions of every plan that another process or the kernel answers: begun early, while Python reads and computes.

Each takes 5 to 30 ms. What is found is in the host's answers (query_cache.py) by the time it is asked.
"""

from collections.abc import Iterable
from functools import partial

from hubinstall import layout
from hubinstall.machine import docker, listening_ports
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers import systemd
from hubinstall.resources.base import Resource
from hubinstall.resources.packages import apt

ASK_ANOTHER = ("image", "firewall-table", "self-signed-certificate", "acme-certificate")
"""The kinds whose look does, once it is known what to ask for."""


def begin(host: Host) -> None:
    """Ask what is the same whatever the settings say. Only tells time: every answer may be asked for again."""
    network = partial(docker.inspect_network, name=layout.NETWORK)
    for ask in (docker.info, network, apt.statuses, listening_ports.listening):
        host.ahead(partial(ask, host))
    if host.exists(layout.SYSTEMD_RUNS):
        host.ahead(partial(systemd.units, host))


def go_on(host: Host, resources: Iterable[Resource]) -> None:
    """Ask what depends on the settings."""
    for resource in resources:
        if resource.kind in ASK_ANOTHER:
            host.ahead(partial(resource.actual, host))
