"""How this machine and the user servers reach the internet: the site's proxy, its own authorities, its mirrors.

Nothing of it exists unless a setting of `network` asks for it.
"""

import ipaddress

from hubinstall import layout
from hubinstall.machine.facts import Facts
from hubinstall.machine.https_client import goes_past
from hubinstall.machine.way_out import PAST, WayOut, as_file
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.docker.variables import DockerVariables
from hubinstall.resources.files.file import Directory, File
from hubinstall.resources.services.unit import UnitFile
from hubinstall.resources.tls.authorities import Authorities
from hubinstall.settings.model import Settings
from hubinstall.settings.values.networks import Destination
from hubinstall.settings.values.proxies import host_of, place_of


def of_machine(settings: Settings, facts: Facts) -> WayOut:
    network = settings.network
    return WayOut(
        proxy=network.proxy or "",
        past=(*own(settings, facts), *network.no_proxy),
        authorities=layout.TRUST_STORE if facts.authorities else "",
        python_index=network.pip_index or "",
        node_registry=network.npm_registry or "",
    )


def of_servers(settings: Settings, facts: Facts) -> WayOut:
    """The same, but without a proxy that a container cannot reach: on this machine's loopback, or with IPv6 alone."""
    here = of_machine(settings, facts)
    return here if reachable(facts) else WayOut(**{**vars(here), "proxy": ""})


def own(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """What never goes through the proxy: the user servers, the hub's names, this machine. Not every program knows
    networks, and the hub's address on theirs is one that servers ask.
    """
    subnet = settings.network.subnet
    return (str(next(subnet.hosts())), str(subnet), *settings.names, facts.hostname, *facts.addresses)


def reachable(facts: Facts) -> list[ipaddress.IPv4Network]:
    """The proxy's addresses that the firewall can open for user servers."""
    found = [ipaddress.ip_address(address) for address in facts.proxy_addresses]
    return [ipaddress.IPv4Network(a) for a in found if isinstance(a, ipaddress.IPv4Address) and not a.is_loopback]


def mirrors(
    settings: Settings, facts: Facts, closed: list[ipaddress.IPv4Network]
) -> dict[tuple[str, str], list[Destination]]:
    """The key and the name of each mirror that the firewall must open for user servers → where it is. One on the
    internet is open already, and its addresses may be others at each look. `closed`: what the firewall closes.
    """
    found = {}
    for key, url in settings.network.mirrors.items():
        name, port = place_of(url)
        addresses = [ipaddress.ip_address(address) for address in facts.mirror_addresses.get(name, ())]
        four = [ipaddress.IPv4Network(a) for a in addresses if isinstance(a, ipaddress.IPv4Address)]
        inside = [a for a in four if not a.is_loopback and any(a.subnet_of(network) for network in closed)]
        if inside:
            found[key, name] = [Destination(a, port) for a in inside]
    return found


def first(settings: Settings, facts: Facts) -> list[Resource]:
    """What must be there before anything is downloaded."""
    made: list[Resource] = []
    if facts.authorities:
        made.append(Authorities(layout.MORE_AUTHORITIES, facts.authorities))
    if settings.network.proxy:
        mode = "0600" if "@" in settings.network.proxy else "0644"
        made.append(File(layout.APT_WAY_OUT, apt(settings, facts), mode=mode))
    return made


def apt(settings: Settings, facts: Facts) -> str:
    """For an administrator's own apt and for unattended upgrades. apt knows names here, but no domains or networks:
    those of its sources' hosts that are in one are named.
    """
    network = settings.network
    past = of_machine(settings, facts).variables()[PAST[0]]
    named = [name for name in network.no_proxy if not name.startswith(".") and "/" not in name and ":" not in name]
    inside = [host for host in facts.apt_hosts if goes_past(f"http://{host}", past)]
    lines = ["// Written by hubinstall, from `network` in its config.yaml."]
    for scheme in ("http", "https"):
        lines.append(f'Acquire::{scheme}::Proxy "{network.proxy}";')
        lines += [f'Acquire::{scheme}::Proxy::{name} "DIRECT";' for name in dict.fromkeys([*named, *inside])]
    return "\n".join([*lines, ""])


def for_docker(settings: Settings, facts: Facts) -> list[Resource]:
    """What dockerd must find when it starts. Its own units' environment is for everyone to read, so a file is named."""
    if not (text := variables_file(settings, facts)):
        return []
    made: list[Resource] = [DockerVariables(layout.WAY_OUT, text, needs=(id_of(Directory, layout.GENERATED),))]
    if facts.manager == "systemd":
        folder = id_of(Directory, layout.DOCKER_UNIT_FOLDER)
        why = "# Written by hubinstall, from `network` in its config.yaml."
        dropin = f"{why}\n[Service]\nEnvironmentFile=-{layout.WAY_OUT}\n"
        made += [UnitFile(layout.DOCKER_UNIT_DROPIN, dropin, needs=(folder, *ids(*made)))]
    return made


def variables_file(settings: Settings, facts: Facts) -> str:
    """The content of the file for dockerd; empty if it needs none."""
    variables = of_machine(settings, facts).variables()
    return as_file(variables, facts.authorities) if variables else ""


def firewall_notes(settings: Settings, facts: Facts, opened: dict[tuple[str, str], list[Destination]]) -> list[str]:
    """The names of the proxy and of the mirrors with their addresses, for when one does not resolve
    (machine/way_out.py).
    """
    proxy = settings.network.proxy
    known = {("proxy", host_of(proxy)): list(facts.proxy_addresses)} if proxy else {}
    known |= {at: [str(d.network.network_address) for d in there] for at, there in opened.items()}
    return [f"network.{key} {name}: {' '.join(addresses)}" for (key, name), addresses in known.items() if addresses]
