"""The Docker network of people's servers: what it must be, and what an existing one is.

Both the installer (resources/docker/network.py) and the hub (repair.py) create it, from this one description; the hub
finds it in hub.json. The firewall's rules name the bridge and the subnet, so a network that differs is never used.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"
# Options that some Engines list although nobody has set them; these values change nothing.
IMPLIED = {
    "com.docker.network.enable_ipv4": "true",
    "com.docker.network.enable_ipv6": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
}
DEVICES = "/proc/self/net/dev"


@dataclass(frozen=True)
class ServerNetwork:
    """A bridge network on which containers cannot reach each other; `gateway` is this host's address on it."""

    name: str
    bridge: str
    subnet: str
    gateway: str

    @property
    def options(self) -> dict[str, str]:
        """The options of Docker's driver."""
        return {BRIDGE_NAME: self.bridge, ICC: "false"}

    def properties(self) -> dict[str, str]:
        """What `properties_of` must find."""
        return {
            "driver": "bridge", "subnet": self.subnet, "gateway": self.gateway, "bridge": self.bridge, "icc": "false",
            "internal": "false", "ipv6": "false", "other options": "", "device": "present",
        }  # fmt: skip

    def differences(self, found: dict[str, Any], devices: str) -> list[str]:
        """The properties of an existing network that are not as they must be."""
        there = properties_of(found, self.bridge, devices)
        return [key for key, value in self.properties().items() if there[key] != value]


def properties_of(found: dict[str, Any], bridge: str, devices: str) -> dict[str, str]:
    """Everything that matters about a network. `found`: from the Engine's API; `devices`: the text of /proc/net/dev."""
    options: dict[str, str] = found.get("Options") or {}
    pools = (found.get("IPAM") or {}).get("Config") or []
    others = [f"{k}={v}" for k, v in options.items() if k not in {BRIDGE_NAME, ICC} and IMPLIED.get(k) != v]
    others += [
        f"ip-range={pool['IPRange']}"
        for pool in pools
        if pool.get("IPRange") and pool["IPRange"] != upper_half(pool.get("Subnet", ""))
    ]
    return {
        "driver": found.get("Driver", ""),
        "subnet": ", ".join(pool.get("Subnet", "") for pool in pools),
        "gateway": ", ".join(pool.get("Gateway", "") for pool in pools),
        "bridge": options.get(BRIDGE_NAME, ""),
        "icc": options.get(ICC, "true"),
        "internal": str(bool(found.get("Internal"))).lower(),
        "ipv6": str(bool(found.get("EnableIPv6"))).lower(),
        "other options": ", ".join(sorted(others)),
        "device": "present" if f"{bridge}:" in devices.split() else "absent",
    }


def upper_half(subnet: str) -> str:
    """The half of an IPv4 network with the larger addresses; empty if this is no network. From there the hub lets
    Docker give addresses while servers run that Docker has lost (repair.py).
    """
    try:
        return str(list(IPv4Network(subnet).subnets(1))[1])
    except ValueError:
        return ""


def devices_here() -> str:
    return Path(DEVICES).read_text(encoding="utf-8")
