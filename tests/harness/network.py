"""A machine's own network: a namespace, one link to the test host, masquerading to the outside, and a way to cut it."""

from dataclasses import dataclass
from pathlib import Path

from harness.commands import execute

TABLE = "inet hubinstall_machines"
RANGE = "10.88.0.0/16"
CARD = "card0"
"""The test host's end of a virtual machine's network card, in the namespace of its link."""
# Flushed and filled in one transaction, so that a second test run at the same time is not disturbed.
RULES = f"""
add table {TABLE}
add set {TABLE} cut {{ type ifname; }}
add chain {TABLE} out {{ type nat hook postrouting priority srcnat; }}
add chain {TABLE} pass {{ type filter hook forward priority filter; }}
flush chain {TABLE} out
flush chain {TABLE} pass
add rule {TABLE} out ip saddr {RANGE} ip daddr != {RANGE} masquerade
add rule {TABLE} pass iifname @cut reject with icmpx admin-prohibited
add rule {TABLE} pass oifname @cut reject with icmpx admin-prohibited
"""


@dataclass(frozen=True)
class Link:
    """The network of machine `number` (0 to 255)."""

    number: int

    @property
    def name(self) -> str:
        """The name of the namespace and of the host's end of the link."""
        return f"hi{self.number}"

    @property
    def address(self) -> str:
        return f"10.88.{self.number}.2"

    @property
    def host_address(self) -> str:
        """Where the machine reaches the test host."""
        return f"10.88.{self.number}.1"

    @property
    def namespace(self) -> Path:
        return Path("/run/netns", self.name)

    def in_use(self) -> bool:
        """Whether the test host already has this network, perhaps because it is a test machine itself."""
        return f" 10.88.{self.number}." in execute(["ip", "-o", "-4", "addr"]).out

    def up(self) -> None:
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        execute(["nft", "-f", "-"], stdin=RULES.encode())
        commands = f"""
            netns add {self.name}
            link add {self.name} type veth peer name host0 netns {self.name}
            addr add {self.host_address}/24 dev {self.name}
            link set {self.name} up
            -n {self.name} link set lo up
            -n {self.name} addr add {self.address}/24 dev host0
            -n {self.name} link set host0 up
            -n {self.name} route add default via {self.host_address}
        """
        for command in commands.strip().splitlines():
            execute(["ip", *command.split()])

    def carry_card(self) -> None:
        """Pass the address on to a virtual machine whose network card is CARD: the link becomes a bridge to it."""
        commands = f"""
            addr flush dev host0
            tuntap add {CARD} mode tap
            link add bridge0 type bridge
            link set host0 master bridge0
            link set {CARD} master bridge0
            link set {CARD} up
            link set bridge0 up
        """
        for command in commands.strip().splitlines():
            execute(["ip", "-n", self.name, *command.split()])

    def down(self) -> None:
        execute(["ip", "link", "del", self.name], check=False)
        execute(["ip", "netns", "del", self.name], check=False)

    def cut(self) -> None:
        """Cut the outside, as if a cable behind the next switch were unplugged; addresses and routes stay."""
        execute(["nft", "add", "element", *TABLE.split(), "cut", "{", self.name, "}"])

    def restore(self) -> None:
        execute(["nft", "delete", "element", *TABLE.split(), "cut", "{", self.name, "}"], check=False)


def write_resolvers(root: Path) -> None:
    """The test host's resolvers, without a stub on its loopback, which machines cannot reach."""
    if lines := _resolver_lines():
        target = root / "etc/resolv.conf"
        target.unlink(missing_ok=True)
        target.write_text("\n".join(lines) + "\n")


def resolvers() -> list[str]:
    """The addresses of the same resolvers."""
    named = [line.split()[1] for line in _resolver_lines() if line.startswith("nameserver")]
    return [address for address in named if not address.startswith("127.")]


def _resolver_lines() -> list[str]:
    """The lines of the first resolv.conf(5) that names a resolver which is not on loopback."""
    for source in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        text = Path(source).read_text() if Path(source).exists() else ""
        lines = [line for line in text.splitlines() if line.startswith(("nameserver", "search", "options"))]
        if any(line.startswith("nameserver") and " 127." not in line for line in lines):
            return lines
    return []
