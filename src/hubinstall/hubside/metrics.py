"""/metrics for Prometheus: JupyterHub's figures, and ours of people's servers, for a token or an address that may.

Starts and failures of servers are among JupyterHub's own (jupyterhub_server_spawn_duration_seconds).
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jupyterhub.handlers import metrics
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from hubinstall.hubside import present
from hubinstall.hubside.peers import origin
from hubinstall.hubside.present import Server

STATES = ("ready", "starting", "stopping", "unknown")


class Figures:
    """A collector of prometheus_client's. `users`: JupyterHub's, at the moment."""

    def __init__(self, users: Callable[[], Iterable[Any]]) -> None:
        self._users = users

    def describe(self) -> Iterator[Metric]:
        """Without looking at servers: prometheus_client asks when it is registered."""
        return iter(families([]))

    def collect(self) -> Iterator[Metric]:
        found = list(present.spawners(self._users()))
        measured = present.METER.read({id_ for one in found if (id_ := present.container_of(one))})
        return iter(families([present.described(one, measured.get(present.container_of(one)), "") for one in found]))


def families(servers: list[Server]) -> list[Metric]:
    """Sums over all people; who they are is no business of a monitoring system."""
    running = GaugeMetricFamily("hubinstall_servers", "People's servers that are active", labels=["state"])
    states = Counter(one.state for one in servers)
    for state in STATES:
        running.add_metric([state], states[state])
    return [
        running,
        GaugeMetricFamily(
            "hubinstall_servers_people", "People who have a server", value=len({one.person for one in servers})
        ),
        GaugeMetricFamily(
            "hubinstall_servers_cpu_cores", "Cores that all people's servers use", value=sum(one.cpu for one in servers)
        ),
        GaugeMetricFamily(
            "hubinstall_servers_memory_bytes",
            "Memory that all people's servers use, without cached files that nobody has read lately",
            value=sum(one.memory for one in servers),
        ),
    ]


class MetricsHandler(metrics.MetricsHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's, which asks for the scope read:metrics (unless a drop-in has set authenticate_prometheus to False).
    From some addresses it does not.
    """

    allowed: tuple[str, ...] = ()

    async def get(self) -> None:
        if not is_among(origin(self.request), self.allowed):
            await super().get()
            return
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(REGISTRY))


def is_among(address: str, allowed: Iterable[str]) -> bool:
    """Whether an address is in one of these networks, or is one of these addresses."""
    try:
        here = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    here = getattr(here, "ipv4_mapped", None) or here
    return any(here in ipaddress.ip_network(one) for one in allowed)


def handlers(allowed: tuple[str, ...]) -> list[tuple[str, type]]:
    kind = type("MetricsHandler", (MetricsHandler,), {"allowed": allowed})
    return [(r"/metrics", kind), (r"/api/metrics", kind)]
