"""What user servers may reach: only the internet, DNS, the hub's API, the site's proxy and mirrors, `network.allow`.

The table filters only packets that come from or go to the bridge of the user servers; and it
counts the connections that each address has with the hub's web server.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from itertools import chain

from hubinstall import layout
from hubinstall.blueprint import urls, way_out
from hubinstall.blueprint.accounts import HUB_ACCOUNT, PROXY_ACCOUNT
from hubinstall.blueprint.nginx import MOST_OF_ONE
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, File
from hubinstall.resources.kernel import FirewallTable, KernelSetting
from hubinstall.settings.model import Settings
from hubinstall.settings.values.networks import Destination
from hubinstall.settings.values.proxies import port_of

CLOSED = (
    # IANA's special-purpose registry (RFC 6890): this host, private use, shared address space of providers,
    # link-local (with most clouds' metadata service), protocol assignments (with Oracle's), benchmarks, multicast,
    # reserved. The documentation networks are harmless.
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    # Azure's own services for its machines, a public address ("What is IP address 168.63.129.16?").
    "168.63.129.16/32",
)  # fmt: skip

MOST_OF_SERVER = 64
"""Connections at a time of one person's server with the hub; a server and its kernels need a few."""


def firewall(settings: Settings, facts: Facts) -> list[Resource]:
    """The file with the rules, which is loaded before Docker starts, and the table in the kernel."""
    text = rules(settings, facts)
    rules_file = File(
        layout.FIREWALL_RULES, text, mode="0644", check=("nft", "-c", "-f", "{}"),
        needs=(id_of(Directory, layout.GENERATED), BASE_PACKAGES, HUB_ACCOUNT, PROXY_ACCOUNT),
    )  # fmt: skip
    table = FirewallTable(
        layout.FIREWALL_TABLE, path=layout.FIREWALL_RULES, rules=text, loaded=layout.FIREWALL_LOADED,
        families=families(facts), needs=ids(rules_file, id_of(Directory, layout.STATE)),
    )  # fmt: skip
    return [rules_file, table, *bridge_netfilter(facts)]


def families(facts: Facts) -> tuple[str, ...]:
    return ("inet", "bridge") if facts.bridge_filter else ("inet",)


def rules(settings: Settings, facts: Facts) -> str:
    """The table in nft's language.

    An address of this host is opened only if `network.allow` names exactly this address with a port: allowing a whole
    network of the site must not open the host's own ssh.
    """
    network = settings.network
    port = port_of(network.proxy) if network.proxy else None
    allow = [*network.allow, *(Destination(address, port) for address in way_out.reachable(facts))]
    shut = closed(facts.routes)
    mirrors = way_out.mirrors(settings, facts, shut)
    allow = list(dict.fromkeys([*allow, *chain(*mirrors.values())]))
    return render(
        "templates/firewall.nft",
        table=layout.FIREWALL_TABLE,
        bridge=layout.BRIDGE,
        subnet=network.subnet,
        gateway=next(network.subnet.hosts()),
        hub_port=layout.HUB_PORT,
        resolvers=v4_addresses(facts.resolvers),
        allow=allow,
        allow_host=[d for d in allow if d.port and d.network.prefixlen == 32],
        closed=shut,
        notes=way_out.firewall_notes(settings, facts, mirrors),
        bridge_family="bridge" in families(facts),
        own_accounts=("root", layout.HUB_USER, layout.PROXY_USER),
        counts=facts.connection_counts,
        web_ports=urls.ports(settings),
        trusted=by_family(settings.http.trusted_proxies),
        most_of_one=MOST_OF_ONE,
        most_of_server=MOST_OF_SERVER,
    )


def closed(routes: Iterable[str]) -> list[IPv4Network]:
    """The networks that stay closed: private and special networks, and those that the host belongs to."""
    networks = [ip_network(text, strict=False) for text in (*CLOSED, *routes)]
    return list(collapse_addresses(n for n in networks if isinstance(n, IPv4Network)))


def v4_addresses(texts: Iterable[str]) -> list[IPv4Address]:
    """The IPv4 addresses, each once: user servers have no IPv6."""
    addresses = [ip_address(text) for text in texts]
    return sorted({a for a in addresses if isinstance(a, IPv4Address)})


def by_family(networks: Iterable[str]) -> dict[str, list[str]]:
    """The networks by nft's name of the family."""
    parsed = [ip_network(text, strict=False) for text in networks]
    four = collapse_addresses(n for n in parsed if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in parsed if isinstance(n, IPv6Network))
    return {"ip": [str(n) for n in four], "ip6": [str(n) for n in six]}


def bridge_netfilter(facts: Facts) -> list[Resource]:
    """Docker refuses a network with `icc=false` without this module. With it, packets between user servers also pass
    the inet table: a second line of defence, and the only one if nftables cannot filter bridges.
    """
    if not facts.bridge_netfilter:
        return []
    why = "# Written by hubinstall: user servers are kept apart with it.\n"
    return [
        File(layout.MODULES_LOAD, f"{why}br_netfilter\n"),
        File(layout.SYSCTL, f"{why}{layout.BRIDGE_NETFILTER} = 1\n"),
        KernelSetting(layout.BRIDGE_NETFILTER, value="1", module="br_netfilter", needs=(BASE_PACKAGES,)),
    ]
