"""The machine's memory, addresses, routes and name servers, read from the kernel's tables.

This needs no command, so it works on a machine where nothing is installed yet, and takes a millisecond.
"""

import gzip
import ipaddress
import re
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.host import Host

# If the kernel reserves slightly more or less memory (after an update), the limits that follow from it must not change.
GRAIN = 16 << 20
DEPRECATED_OR_TEMPORARY = 0x20 | 0x01 | 0x40
CONTAINER_DEVICE = re.compile(rf"^(lo|docker0|br-[0-9a-f]{{12}}|veth.*|docker_gwbridge|{layout.BRIDGE})$")


@dataclass(frozen=True)
class Route:
    """One line of the kernel's IPv4 routing table; `connected`: without a gateway."""

    network: ipaddress.IPv4Network
    device: str
    connected: bool


def total_memory(host: Host) -> int:
    """Bytes: the machine's memory, or the limit of its root cgroup (in a container or a nspawn machine)."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", host.text("/proc/meminfo"), re.MULTILINE)
    sizes = [int(found[1]) * 1024] if found else []
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = host.text(limit).strip()
        sizes += [int(text)] if text.isdigit() else []
    return min(sizes, default=0)


def memory(host: Host) -> int:
    """The same as total_memory, rounded down to GRAIN."""
    return total_memory(host) // GRAIN * GRAIN


def route_table(host: Host) -> list[Route]:
    """The routes in /proc/net/route. Addresses are hexadecimal in the machine's byte order: little-endian on amd64 and
    arm64.
    """
    found = []
    for line in host.text("/proc/net/route").splitlines()[1:]:
        device, destination, gateway, _flags, _, _, _, mask = line.split()[:8]
        bits = int(mask, 16).bit_count()
        address = ipaddress.IPv4Address(int.from_bytes(bytes.fromhex(destination), "little"))
        network = ipaddress.IPv4Network((address, bits), strict=False)
        found.append(Route(network, device, connected=int(gateway, 16) == 0))
    return found


def routes(host: Host) -> tuple[str, ...]:
    """The connected networks, without those of containers."""
    found = {
        r.network for r in route_table(host)
        if r.connected and r.network.prefixlen and not CONTAINER_DEVICE.match(r.device)
    }  # fmt: skip
    return tuple(str(network) for network in sorted(found))


def addresses(host: Host) -> tuple[str, ...]:
    """IPv4 first, beginning with the device of the default route; then global IPv6 addresses that are permanent."""
    table = route_table(host)
    outside = next((r.device for r in table if r.network.prefixlen == 0), "")
    found = []
    for text in sorted(set(local_addresses(host.text("/proc/net/fib_trie")))):
        devices = [r.device for r in table if r.network.prefixlen and r.connected and text in r.network]
        if not devices and not text.is_loopback and text in of_loopback(host):
            continue
        if not text.is_loopback and not any(CONTAINER_DEVICE.match(d) for d in devices):
            found.append((outside not in devices, text))
    v4 = [str(address) for _, address in sorted(found)]
    return (*v4, *ipv6_addresses(host.text("/proc/net/if_inet6")))


def of_loopback(host: Host) -> set[ipaddress.IPv4Address]:
    """What an administrator has added to `lo`, such as an anycast address: nobody outside reaches this machine there.
    The kernel's tables do not tell it from an address without a network on another device.
    """
    shown = host.query(["ip", "-4", "-oneline", "address", "show", "dev", "lo"], check=False).stdout
    return {ipaddress.IPv4Address(text) for text in re.findall(r" inet ([0-9.]+)/", shown)}


def local_addresses(trie: str) -> list[ipaddress.IPv4Address]:
    """The host's own addresses in /proc/net/fib_trie: those with `/32 host LOCAL` below them."""
    pattern = r"\|-- (\d+\.\d+\.\d+\.\d+)\n(?:\s+/\d+ .*\n)*?\s+/32 host LOCAL"
    return [ipaddress.IPv4Address(text) for text in re.findall(pattern, trie)]


def ipv6_addresses(table: str) -> list[str]:
    """The addresses in /proc/net/if_inet6: address, device number, prefix length, scope (00: global), flags, device."""
    found = []
    for line in table.splitlines():
        digits, _, _, scope, flags, device = line.split()
        if scope == "00" and not int(flags, 16) & DEPRECATED_OR_TEMPORARY and not CONTAINER_DEVICE.match(device):
            found.append(ipaddress.IPv6Address(int(digits, 16)))
    return [str(address) for address in sorted(set(found))]


def resolvers(host: Host) -> tuple[str, ...]:
    """The name servers in resolv.conf(5); if it names a stub on loopback, the servers that systemd-resolved uses."""
    found = name_servers(host.text("/etc/resolv.conf"))
    if any(ipaddress.ip_address(address).is_loopback for address in found):
        found += name_servers(host.text("/run/systemd/resolve/resolv.conf"))
    reachable = [address for address in found if not ipaddress.ip_address(address).is_loopback]
    return tuple(dict.fromkeys(reachable))


def name_servers(text: str) -> list[str]:
    found = []
    for word in re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE):
        try:
            found.append(str(ipaddress.ip_address(word.partition("%")[0])))
        except ValueError:
            continue
    return found


def has_bridge_filter(host: Host) -> bool:
    """Whether nftables can filter bridged frames."""
    return has_option(host, "CONFIG_NF_TABLES_BRIDGE")


def has_connection_counts(host: Host) -> bool:
    """Whether nftables can count the open connections of an address."""
    return has_option(host, "CONFIG_NFT_CONNLIMIT")


def has_option(host: Host, option: str) -> bool:
    """Whether the kernel was configured with it. True if no configuration is found, because every distribution's kernel
    has what we ask for.
    """
    release = host.text("/proc/sys/kernel/osrelease").strip()
    options = host.text(f"/boot/config-{release}") or host.text(f"/lib/modules/{release}/config")
    packed = host.read("/proc/config.gz")
    if not options and packed:
        options = gzip.decompress(packed).decode(errors="replace")
    return not options or re.search(rf"^{option}=[my]$", options, re.MULTILINE) is not None
