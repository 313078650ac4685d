"""Who connects to the hub: the proxy and the checks of this machine, or a container."""

import socket
from typing import Any


def origin(request: Any) -> str:
    """The address that a request really comes from.

    The headers (tornado's remote_ip) can be trusted if the request came through the proxy, that is, from this machine:
    nginx has set them, and the packet filter lets no other account of this machine connect (firewall.nft, to_hub). A
    container that connects to the hub directly can put anything into them.
    """
    peer = request.connection.context.address
    direct = isinstance(peer, tuple) and not is_own(peer[0])
    return str(peer[0] if direct else request.remote_ip)


def is_own(address: str) -> bool:
    """Whether it is an address of this machine: a socket can only be bound to those (ip(7))."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
