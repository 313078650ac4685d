"""Whatever people's servers take, the machine, the hub and its login page answer: on a small machine, really tried."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness import installed, memory
from harness.machine import Machine, Snapshot
from harness.waiting import soon
from hubinstall.verify.client.hub import HubClient

GIB = 1 << 30
PEOPLE = {"joan": "spacecraft-1961", "mary": "mercury-1958"}
# Eats until the kernel ends it, and again; the cell itself returns at once.
EAT = """
import subprocess, sys
eater = "import subprocess, sys\\nwhile True: subprocess.run([sys.executable, '-c', 'x = b\\"x\\" * (4 << 30)'])"
children = [subprocess.Popen([sys.executable, "-c", eater]) for _ in range(2)]
print("eating")
"""


@pytest.fixture(scope="module")
def small(
    boot: Callable[[Machine], Machine], snapshot_of: Callable[[str, Callable[[Machine], None]], Snapshot]
) -> Machine:
    """2 GB, of which each server may take all that servers may take together."""
    machine = boot(Machine.from_snapshot(snapshot_of("installed", installed.build_installed), memory=2 * GIB))
    installed.cold_start(machine)
    machine.run("hubinstall config set limits.memory 1700M --apply")
    for name, password in PEOPLE.items():
        installed.add_person(machine, name, password)
    return machine


@pytest.fixture(scope="module")
def clients(small: Machine) -> Iterator[list[HubClient]]:
    with ExitStack() as stack:
        found = []
        for name, password in PEOPLE.items():
            client = stack.enter_context(installed.client(small))
            client.login(name, password)
            client.start_server()
            found.append(client)
        yield found


def test_all_servers_lie_under_one_group_that_leaves_the_reserve(small: Machine, clients: list[HubClient]) -> None:
    for client in clients:
        group = memory.group(small, installed.container(client.user))
        above = group.rpartition("/")[0]
        assert above.rpartition("/")[2].startswith("hubinstall-users")
        assert memory.limit(small, above) == 2 * GIB - (256 << 20)


def test_two_servers_that_eat_everything_leave_hub_and_login_answering(
    small: Machine, clients: list[HubClient]
) -> None:
    before = installed.starts(small)
    groups = [memory.group(small, installed.container(client.user)) for client in clients]
    for client in clients:
        with client.kernel() as kernel:
            assert kernel.execute(EAT) == "eating\n"
    end = time.monotonic() + 40
    while time.monotonic() < end:
        with installed.client(small) as grace:  # which does not wait for ever; how long a page takes: benchmarks
            grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        time.sleep(0.5)
    assert soon(lambda: sum(memory.kills(small, group) for group in groups) > 4), "nobody ran into the limit"
    assert installed.starts(small) == before
    for client in clients:
        client.stop_server()
