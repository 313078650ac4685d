"""Which programs listen on TCP ports of this machine, read from /proc: `ss -ltnp` may not be installed."""

import contextlib
import ipaddress
import os
import re
from dataclasses import dataclass

from hubinstall.machine.host import Host

LISTEN = "0A"
"""The state LISTEN in the tables tcp and tcp6 of proc_pid_net(5)."""


@dataclass(frozen=True)
class Listener:
    """A program with its PID, and the address on which it listens; the name is empty and the PID 0 if unknown."""

    address: str
    port: int
    program: str
    pid: int

    @property
    def anywhere(self) -> bool:
        return ipaddress.ip_address(self.address).is_unspecified

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})" if self.pid else "a program that cannot be seen from here"


def listeners(host: Host, ports: set[int]) -> list[Listener]:
    """One entry for each address and program.

    If no process has a socket open, it may have been closed since the query (an nginx that is restarting): then the
    kernel is asked again. What still has no process then belongs to a program that cannot be seen from here.
    """
    found: set[Listener] = set()
    for look in (listening, _listening, _listening):
        found = _on(host, {inode: where for inode, where in look(host).items() if where[1] in ports})
        if all(listener.pid for listener in found):
            break
    return sorted(found, key=lambda listener: (listener.port, listener.pid, listener.address))


def _on(host: Host, sockets: dict[str, tuple[str, int]]) -> set[Listener]:
    owners = holders(host, set(sockets)) if sockets else {}
    return {Listener(*where, *owners.get(inode, ("", 0))) for inode, where in sockets.items()}


def listening(host: Host) -> dict[str, tuple[str, int]]:
    """Inode of each listening socket → its address and port. The kernel takes 5 to 10 ms per table, because it walks
    through the whole hash table of connections.
    """
    return host.once("listening sockets", lambda: _listening(host))


def _listening(host: Host) -> dict[str, tuple[str, int]]:
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in host.text(table).splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN:
                address, _, port = fields[1].partition(":")
                found[fields[9]] = (decoded(address), int(port, 16))
    return found


def decoded(address: str) -> str:
    """An address of /proc/net/tcp{,6}: words of four bytes, each in the machine's (little-endian) order."""
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def holders(host: Host, inodes: set[str]) -> dict[str, tuple[str, int]]:
    """Inode of a socket → name and PID of the process that has it open; of several, the one with the lowest PID."""
    found: dict[str, tuple[str, int]] = {}
    for pid in sorted(int(name) for name in host.names("/proc") if name.isdigit()):
        for link in open_files(host, pid):
            match = re.fullmatch(r"socket:\[(\d+)\]", link)
            if match and match[1] in inodes:
                found.setdefault(match[1], (host.text(f"/proc/{pid}/comm").strip(), pid))
        if len(found) == len(inodes):
            break
    return found


def open_files(host: Host, pid: int) -> list[str]:
    """The open files of a process. Processes may end, and files may be closed, meanwhile."""
    folder = host.path(f"/proc/{pid}/fd")
    links: list[str] = []
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                links.append(os.readlink(folder / name))
    return links
