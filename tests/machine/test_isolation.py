"""What a user container reaches: each closed target is first shown open, without the table and with icc on.

Any container on the network, started with the options of a user's, stands for a user's server.
"""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon

GATEWAY, HUB_PORT, NEIGHBOURS_PORT = "10.99.0.1", 8081, 8888
CLOSED_PORTS = ("22", "80", "443", "8000", "8001")
METADATA = "169.254.169.254"
OTHER_LAN = "192.168.77.2"
USERS_OPTIONS = "--network hubinstall --cap-drop ALL --security-opt no-new-privileges --user 12345:12345 --read-only"
# Listens on every address of its network namespace, at those of the ports that nobody has yet.
LISTEN = """
import socket, sys, time
listeners = []
for port in sys.argv[1:]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("0.0.0.0", int(port)))
        listener.listen(64)
        listeners.append(listener)
    except OSError:
        pass
print("listening", flush=True)
time.sleep(100000)
"""
PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
SECONDS = float(sys.argv.pop(1))
def reaches(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SECONDS).close()
    except OSError:
        return False
    return True
with ThreadPoolExecutor(32) as pool:
    print(json.dumps(dict(zip(sys.argv[1:], pool.map(reaches, sys.argv[1:])))))
"""
# A second network beside the machine's own, with a host that also answers at the clouds' metadata address.
LAN = f"""
set -e
ip netns add lan
ip link add lan0 type veth peer name eth0 netns lan
ip addr add 192.168.77.1/24 dev lan0
ip link set lan0 up
ip -n lan addr add {OTHER_LAN}/24 dev eth0
ip -n lan addr add {METADATA}/32 dev eth0
ip -n lan link set eth0 up
ip -n lan route add default via 192.168.77.1
ip route add {METADATA}/32 dev lan0
"""
# As if icc were on, and as if no FORWARD policy of Docker's were there: what then keeps closed is the table alone.
OPEN_UP = """
nft delete table inet hubinstall
nft delete table bridge hubinstall 2>/dev/null
iptables -I DOCKER-USER -j ACCEPT
"""


@dataclass(frozen=True)
class Place:
    """A machine with two user containers, and with something that listens wherever they must not get to."""

    machine: Machine
    address: str
    neighbour: str
    lan_ports: tuple[int, int]

    @property
    def closed(self) -> list[str]:
        """Every target that must be closed."""
        shown = json.loads(self.machine.run("ip -j -4 addr").out)
        hosts = [a["local"] for link in shown if link["ifname"] not in {"lo", "hubinstall0"} for a in link["addr_info"]]
        lan = self.machine.link.host_address
        return [
            *(f"{GATEWAY}:{port}" for port in CLOSED_PORTS),
            *(f"{host}:8001" for host in hosts),
            f"{self.neighbour}:{NEIGHBOURS_PORT}",
            *(f"{lan}:{port}" for port in self.lan_ports),
            f"{OTHER_LAN}:80",
            f"{METADATA}:80",
        ]

    def reaches(self, targets: Iterable[str], seconds: float = 3) -> dict[str, bool]:
        """Which of them answer within so many seconds."""
        answer = self.machine.run(["docker", "exec", "here", "python3", "-c", PROBE, f"{seconds}", *targets]).out
        reached: dict[str, bool] = json.loads(answer)
        return reached

    def is_reached_from_outside(self) -> bool:
        """Whether a host of the LAN gets to the container through this machine."""
        inside = ["ip", "netns", "exec", "lan", "python3", "-c", PROBE, "3", f"{self.neighbour}:{NEIGHBOURS_PORT}"]
        return any(json.loads(self.machine.run(inside).out).values())

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        self.machine.run(OPEN_UP)
        try:
            yield
        finally:
            self.machine.run("iptables -D DOCKER-USER -j ACCEPT")
            self.machine.run(["hubinstall", "apply"])


@contextlib.contextmanager
def listening(machine: Machine, prefix: Iterable[str], ports: Iterable[str]) -> Iterator[None]:
    with machine.background([*prefix, "python3", "-c", LISTEN, *ports]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        yield


@contextlib.contextmanager
def lan_listener(address: str) -> Iterator[int]:
    """On the test host, which is the machine's LAN; gives the port."""
    with socket.create_server((address, 0)) as server:
        threading.Thread(target=_accept_all, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _accept_all(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


def container(machine: Machine, name: str, *argv: str) -> str:
    """Start one as a user's is started; gives its address."""
    image = machine.run("docker images --quiet hubinstall/default | head -1").out.strip()
    run = f"docker run --detach --name {name} {USERS_OPTIONS} --entrypoint python3 {image}".split()
    machine.run([*run, *argv])
    inspect = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return machine.run(["docker", "inspect", "--format", inspect, name]).out.strip()


@pytest.fixture(scope="module")
def place(installed_machine: Machine) -> Iterator[Place]:
    machine = installed_machine
    machine.run(LAN)
    neighbour = container(machine, "neighbour", "-c", LISTEN, str(NEIGHBOURS_PORT))
    assert soon(lambda: machine.run("docker logs neighbour").out == "listening\n")
    address = container(machine, "here", "-c", "import time; time.sleep(100000)")
    with contextlib.ExitStack() as stack:
        stack.callback(machine.run, "docker rm --force here neighbour")
        stack.enter_context(listening(machine, [], CLOSED_PORTS))
        stack.enter_context(listening(machine, ["ip", "netns", "exec", "lan"], ["80"]))
        ports = [stack.enter_context(lan_listener(machine.link.host_address)) for _ in range(2)]
        yield Place(machine, address, neighbour, (ports[0], ports[1]))


def test_what_is_closed_would_be_open_without_the_table(place: Place) -> None:
    targets = place.closed
    assert len(targets) >= 10
    with place.opened():
        assert place.reaches(targets) == dict.fromkeys(targets, True)
    assert place.reaches(targets) == dict.fromkeys(targets, False)


def test_nobody_outside_reaches_a_user_container(place: Place) -> None:
    with place.opened():
        assert place.is_reached_from_outside()
    assert not place.is_reached_from_outside()


def test_of_the_gateway_exactly_the_hubs_api_is_open(place: Place) -> None:
    ports = {*CLOSED_PORTS, str(HUB_PORT), "53", "2375"}
    reached = place.reaches(f"{GATEWAY}:{port}" for port in sorted(ports))
    assert [target for target, reaches in reached.items() if reaches] == [f"{GATEWAY}:{HUB_PORT}"]


def test_names_and_the_outside_work(place: Place) -> None:
    """The outside is what the machine itself installs from."""
    sources = place.machine.run("cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true").out
    found = re.search(r"^(?:deb |URIs:).*?(https?)://([^/\s:]+)", sources, re.MULTILINE)
    assert found, sources
    outside = f"{found[2]}:{'443' if found[1] == 'https' else '80'}"
    assert place.reaches([outside], 60) == {outside: True}


def test_a_connection_from_before_the_table_does_not_live_on(place: Place) -> None:
    """Tried with the neighbour, which answers nothing, so that a stopped connection shows as unacknowledged bytes."""
    talk = f"""
import fcntl, socket, sys, time, termios, struct
s = socket.create_connection(("{OTHER_LAN}", 80), 5)
print("connected", flush=True)
sys.stdin.readline()
s.send(b"x" * 100)
time.sleep(1)
print(struct.unpack("i", fcntl.ioctl(s, termios.TIOCOUTQ, b"    "))[0], flush=True)
"""
    with contextlib.ExitStack() as stack:
        with place.opened():
            process = stack.enter_context(
                place.machine.background(["docker", "exec", "--interactive", "here", "python3", "-c", talk])
            )
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == b"connected\n"
        process.stdin.write(b"go\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"100\n"


def test_allow_opens_what_it_names_and_nothing_beside_it(place: Place) -> None:
    lan = place.machine.link.host_address
    first, second = (f"{lan}:{port}" for port in place.lan_ports)
    set_allow = ["hubinstall", "config", "set", "network.allow"]
    try:
        place.machine.run([*set_allow, f'["{first}"]', "--apply"])
        assert place.reaches([first, second]) == {first: True, second: False}
    finally:
        place.machine.run([*set_allow, "[]", "--apply"])
    assert place.reaches([first, second]) == {first: False, second: False}


def test_a_rule_taken_out_by_hand_is_noticed_and_put_back(place: Place) -> None:
    place.machine.run("nft flush chain inet hubinstall from_servers")
    assert [change["id"] for change in installed.plan(place.machine)] == ["firewall-table:hubinstall"]
    place.machine.run(["hubinstall", "apply"])
    targets = place.closed
    assert place.reaches(targets) == dict.fromkeys(targets, False)
