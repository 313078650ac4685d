"""A long life: live servers through reconfigurations, restarts and kills; nobody is lost and nothing grows.

CI lives a short one; `--exhaustive` the whole: 20 servers, 10 reconfigurations, 10 restarts of the hub, 5 of dockerd,
5 kills of the proxy, and then 6000 requests of traffic.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import mean

import pytest

from drawn import seed
from harness import installed, inventory, memory
from harness.machine import Machine
from harness.manifest import diff, manifest
from harness.waiting import soon
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

pytestmark = pytest.mark.one_kind

ORDERS = ("one kind after the other", "in turns", "shuffled")
CONFIG, CONFIG_BEFORE = "/etc/hubinstall/config.yaml", "/root/config.yaml"
SETTINGS = {
    "limits.memory": "900M",
    "shares": "{soak: }",
    "network.allow": "[10.1.2.3:80]",
    "users.banned": "[mallory]",
    "limits.processes": "2000",
}
"""Each is set, and later each is as it was."""
PASSWORD = "soak-1967"
BACK_WITHIN = 60.0
"""Seconds until every server answers again."""
FLAT = 1.08
"""The mean of the last third may be so many times that of the first: a process of 70 MiB, 5.6 more."""
MORE_FILES = 20
"""So many more open files and sockets may a process have at the end: connections that are kept for a while."""
KEEPS_CHANGING = (
    # What runs keeps its own: logs, the database, the record of reconfigurations and of packets' rules.
    "/var/lib/docker", "/var/lib/containerd", "/var/lib/hubinstall/generations", "/var/lib/hubinstall/hub",
    "/var/lib/hubinstall/ledger.json", "/var/lib/hubinstall/ledger.json.last", "/etc/hubinstall/edits",
    "/srv/data/soak", "/home",
    CONFIG_BEFORE,
    # Each verify gives its account another password for a moment, and its kernel notes that it ran.
    "/etc/shadow-", "/etc/passwd-", "/var/lib/hubinstall/probe",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much of each."""

    servers: int
    reconfigurations: int
    hub_restarts: int
    docker_restarts: int
    proxy_kills: int
    rounds: int
    """Of traffic, when the trouble is over."""


WHOLE = Size(servers=20, reconfigurations=10, hub_restarts=10, docker_restarts=5, proxy_kills=5, rounds=100)
SHORT = Size(servers=3, reconfigurations=2, hub_restarts=1, docker_restarts=1, proxy_kills=1, rounds=12)


@dataclass
class Life:
    """The machine, everyone who works on it, and what was measured: account → MiB, after each event or round."""

    machine: Machine
    size: Size
    people: list[HubClient]
    kernels: list[Kernel]
    events: dict[str, list[float]] = field(default_factory=lambda: {"jupyterhub": [], "jupyterhub-proxy": []})
    rounds: dict[str, list[float]] = field(default_factory=lambda: {"jupyterhub": [], "jupyterhub-proxy": []})

    def all_answer(self) -> None:
        end = time.monotonic() + BACK_WITHIN
        for person in self.people:
            while not installed.server_answers(person):
                assert time.monotonic() < end, f"the server of {person.user} does not answer"
                time.sleep(0.2)

    def measure(self, series: dict[str, list[float]]) -> None:
        for account, sizes in series.items():
            sizes.append(memory.proportional(self.machine, memory.first_process(self.machine, account)))


@pytest.fixture(scope="module")
def size(request: pytest.FixtureRequest) -> Size:
    return WHOLE if request.config.getoption("--exhaustive") else SHORT


@pytest.fixture(scope="module")
def life(installed_machine: Machine, size: Size) -> Iterator[Life]:
    """Everyone has a server and a kernel with a variable of their own, started one after the other."""
    names = [f"soak{number:02}" for number in range(size.servers)]
    accounts = "".join(f"useradd --create-home --shell /bin/bash {name}\n" for name in names)
    installed_machine.run(["sh", "-e"], stdin=accounts.encode())
    installed_machine.run(["chpasswd"], stdin="".join(f"{name}:{PASSWORD}\n" for name in names).encode())
    life = Life(installed_machine, size, [], [])
    with ExitStack() as stack:
        for name in names:
            client = stack.enter_context(installed.client(installed_machine))
            client.login(name, PASSWORD)
            client.start_server()
            kernel = stack.enter_context(client.kernel())
            kernel.execute(f"kept = {name!r}")
            life.people.append(client)
            life.kernels.append(kernel)
        yield life


def reconfigurations(machine: Machine, count: int, draw: random.Random) -> Iterator[str]:
    """Commands: one setting after the other is set, then one after the other unset, the last by the file as it was."""
    machine.run(f"cp -p {CONFIG} {CONFIG_BEFORE}")
    drawn = draw.sample(sorted(SETTINGS), count // 2)
    yield from (f"hubinstall config set {key} '{SETTINGS[key]}' --apply" for key in drawn)
    yield from (f"hubinstall config unset {key} --apply" for key in drawn[:-1])
    yield f"cp -p {CONFIG_BEFORE} {CONFIG} && hubinstall apply"


def events(life: Life, order: str) -> Iterator[tuple[str, str]]:
    """Everything that happens, in this order, each with its command."""
    size, draw = life.size, random.Random(f"{seed()} {order}")
    changes = reconfigurations(life.machine, size.reconfigurations, draw)
    kinds = {
        "reconfiguration": list(changes),
        "hub restart": ["hubinstall restart jupyterhub"] * size.hub_restarts,
        "dockerd restart": ["hubinstall restart docker"] * size.docker_restarts,
        "proxy kill": ["pkill -9 -u jupyterhub-proxy"] * size.proxy_kills,
    }
    whole = [kind for kind, commands in kinds.items() for _ in commands]
    if order == "in turns":
        whole = [kind for turn in range(len(whole)) for kind, commands in kinds.items() if turn < len(commands)]
    elif order == "shuffled":
        draw.shuffle(whole)
    for kind in whole:
        yield kind, kinds[kind].pop(0)


def flat(sizes: list[float]) -> bool:
    """Whether the mean of the last third is not above that of the first, after a first tenth to warm up."""
    warm = sizes[max(1, len(sizes) // 10) :]
    third = max(1, len(warm) // 3)
    return mean(warm[-third:]) <= FLAT * mean(warm[:third])


@pytest.mark.drawn("order", ORDERS, sample=1)
def test_everyone_lives_on_and_nothing_grows(life: Life, order: str) -> None:
    machine = life.machine
    # The first ones make a lock, and what the probe's server sees of the machine's accounts.
    machine.run("hubinstall apply && hubinstall verify")
    life.all_answer()
    held, files = inventory.inventory(machine), manifest(machine, KEEPS_CHANGING)
    opened: dict[str, int] = {}
    for kind, command in events(life, order):
        since = time.monotonic()
        machine.run(command)
        installed.wait_for_login_page(machine)
        life.all_answer()
        life.measure(life.events)
        print(f"{kind}: {time.monotonic() - since:.1f} s", {a: round(s[-1], 1) for a, s in life.events.items()})
    for kernel, person in zip(life.kernels, life.people, strict=True):
        kernel.reconnect()
        assert kernel.execute("print(kept)") == f"{person.user}\n"
    for turn in range(life.size.rounds):
        traffic(life)
        life.measure(life.rounds)
        if not turn:
            opened = open_files(machine)
    print("traffic:", {a: [round(s, 1) for s in sizes] for a, sizes in life.rounds.items()})
    # In the first half a fresh process takes what this traffic needs.
    settled = {f"{account}, traffic": sizes[len(sizes) // 2 :] for account, sizes in life.rounds.items()}
    measured = life.events | settled
    assert {what: sizes for what, sizes in measured.items() if not flat(sizes)} == {}
    assert {a: (n, opened[a]) for a, n in open_files(machine).items() if n > opened[a] + MORE_FILES} == {}
    assert "\n".join(left(machine, held)) == ""
    assert str(diff(files, manifest(machine, KEEPS_CHANGING))) == ""
    assert installed.plan(machine) == []


def left(machine: Machine, held: inventory.Inventory) -> list[str]:
    """What is more or less than it was, and stays so: a program that runs for a moment may be seen."""
    found: list[str] = []

    def is_nothing() -> bool:
        found[:] = inventory.difference(held, inventory.inventory(machine))
        return not found

    soon(is_nothing, 60)
    return found


def traffic(life: Life) -> None:
    """What an open page asks for, and a page that is opened anew."""
    for person in life.people:
        assert installed.status(person, "hub/home") == 200
        assert installed.status(person, f"user/{person.user}/api/kernels") == 200
        assert installed.status(person, f"user/{person.user}/lab") == 200


def open_files(machine: Machine) -> dict[str, int]:
    accounts = ("jupyterhub", "jupyterhub-proxy")
    return {account: memory.open_files(machine, memory.first_process(machine, account)) for account in accounts}
