"""Where an authority reaches this machine."""

from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True)
class Place:
    """The machine's own addresses, the directory that nginx serves on port 80, and the roots that it trusts."""

    addresses: tuple[str, ...]
    webroot: str
    trust: str
    port: int = 80

    @property
    def hidden(self) -> bool:
        """Whether it is behind NAT: people reach it at an address that it does not know."""
        return not any(ip_address(address).is_global for address in self.addresses)
