"""Where an authority would find this machine."""

from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True)
class Place:
    """Where this machine is: its own addresses, the folder that nginx shows on port 80, and the roots it knows."""

    addresses: tuple[str, ...]
    webroot: str
    trust: str
    port: int = 80

    @property
    def hidden(self) -> bool:
        """Behind somebody's NAT: people reach it at an address that it does not know."""
        return not any(ip_address(address).is_global for address in self.addresses)
