"""No session is lost: a running cell and its websocket through restarts and crashes; limits that hold."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.client import HubClient
from hubinstall.clienterrors import HubError
from hubinstall.clientkernel import Kernel

COUNT = "import time\nfor n in range({seconds}): time.sleep(1)\nprint('through')"


@pytest.fixture(scope="module", autouse=True)
def joan_has_an_account(installed_machine: Machine) -> None:
    installed.add_person(installed_machine, "joan", "spacecraft-1961")


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    with HubClient(f"https://{installed_machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        yield client


@pytest.fixture(scope="module")
def kernel(grace: HubClient) -> Iterator[Kernel]:
    with grace.kernel() as kernel:
        yield kernel


def through(kernel: Kernel, seconds: int, trouble: Callable[[], object]) -> None:
    """A cell runs for `seconds` on its one websocket while `trouble` happens."""
    with ThreadPoolExecutor(1) as pool:
        cell = pool.submit(kernel.execute, COUNT.format(seconds=seconds), timeout=seconds + 60)
        time.sleep(1)
        trouble()
        assert cell.result() == "through\n"


@pytest.mark.parametrize(
    "trouble",
    ["hubinstall restart jupyterhub", "nginx -s reload", "hubinstall restart docker", "pkill -9 -u jupyterhub python"],
)
def test_a_running_cell_and_its_websocket_live_on(installed_machine: Machine, kernel: Kernel, trouble: str) -> None:
    through(kernel, 12, lambda: installed_machine.run(trouble))
    installed.wait_for_login_page(installed_machine)


def test_the_route_is_back_within_3_seconds_of_a_killed_proxy(installed_machine: Machine, grace: HubClient) -> None:
    assert installed.server_answers(grace)
    installed_machine.run("pkill -9 -u jupyterhub-proxy")
    killed = time.monotonic()
    while not installed.server_answers(grace):
        assert time.monotonic() - killed < 15, "the route never came back"
        time.sleep(0.05)
    assert time.monotonic() - killed < 3


def test_nginx_killed_is_back_within_3_seconds(installed_machine: Machine, grace: HubClient) -> None:
    installed_machine.run("pkill -9 nginx")
    killed = time.monotonic()
    while not installed.server_answers(grace):
        assert time.monotonic() - killed < 15, "nginx never came back"
        time.sleep(0.05)
    assert time.monotonic() - killed < 3


def test_a_changed_limit_restarts_the_hub_only_and_holds_for_the_next_server(
    installed_machine: Machine, kernel: Kernel
) -> None:
    machine = installed_machine
    before = installed.starts(machine)
    through(kernel, 15, lambda: machine.run("hubinstall config set limits.memory 300M --apply"))
    after = installed.starts(machine)
    assert {name for name in before if before[name] != after[name]} == installed.names(machine, "jupyterhub")
    with HubClient(f"https://{machine.address}/", verify=False) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        limits = machine.run(
            "docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' jupyter-joan"
        ).out
        assert limits == f"{300 << 20} {300 << 20}\n"
        with joan.kernel() as greedy, pytest.raises(HubError, match=r"died|restarted|broke"):
            greedy.execute("y = b'x' * (600 << 20)", timeout=60)
        assert kernel.execute("print('alive')", timeout=30) == "alive\n"
        assert joan.run_cell("print('again')") == "again\n"
        joan.stop_server()


def test_no_user_can_starve_the_host(installed_machine: Machine) -> None:
    """All user containers lie under one parent that leaves the host its reserve."""
    machine = installed_machine
    pid = machine.run("docker inspect --format '{{.State.Pid}}' jupyter-grace").out.strip()
    groups = machine.read(f"/proc/{pid}/cgroup")
    assert "hubinstall-users" in groups
    found = r"find /sys/fs/cgroup -path '*/hubinstall-users*' \( -name memory.limit_in_bytes -o -name memory.max \)"
    outermost = min(machine.run(found).out.splitlines(), key=len)
    limit = int(machine.read(outermost))
    total = int(machine.run("awk '/MemTotal/ {print $2}' /proc/meminfo").out) * 1024
    assert limit <= total - (256 << 20)
