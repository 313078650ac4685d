"""No session is lost: a running cell and its websocket through restarts and crashes; limits that hold."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from harness import installed, memory
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError, plain_text
from hubinstall.verify.client.hub import PAGE, HubClient
from hubinstall.verify.client.kernel import Kernel

DONE = "/home/grace/trouble-is-over"
WAIT = f"""
import os, time
while not os.path.exists({DONE!r}): time.sleep(0.1)
os.remove({DONE!r})
print('through')
"""
STARTED = ["docker", "inspect", "--format", "{{.State.StartedAt}}", installed.container("grace")]


@pytest.fixture(scope="module", autouse=True)
def joan_has_an_account(installed_machine: Machine) -> None:
    installed.add_person(installed_machine, "joan", "spacecraft-1961")


@pytest.fixture(scope="module")
def kernel(grace: HubClient) -> Iterator[Kernel]:
    with grace.kernel() as kernel:
        yield kernel


def through(machine: Machine, kernel: Kernel, trouble: str) -> None:
    """A cell of grace's runs on its one websocket from before the trouble until it is over and the hub answers."""
    with ThreadPoolExecutor(1) as pool:
        cell = pool.submit(kernel.execute, WAIT, timeout=300)
        time.sleep(1)
        try:
            assert not cell.done(), cell.result()
            machine.run(trouble)
            installed.wait_for_login_page(machine)
        finally:
            machine.run(["touch", DONE])
        assert cell.result() == "through\n"


def restarted(machine: Machine, before: dict[str, str]) -> set[str]:
    after = installed.starts(machine)
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("trouble", "service"),
    [
        ("hubinstall restart jupyterhub", "jupyterhub"),
        ("pkill -9 -u jupyterhub", "jupyterhub"),
        ("hubinstall restart docker", "docker"),
        ("nginx -s reload", ""),
    ],
)
def test_a_running_cell_and_its_websocket_live_on(
    installed_machine: Machine, grace: HubClient, kernel: Kernel, trouble: str, service: str
) -> None:
    before = installed.starts(installed_machine)
    container = installed_machine.run(STARTED).out
    through(installed_machine, kernel, trouble)
    assert restarted(installed_machine, before) == (installed.names(installed_machine, service) if service else set())
    assert installed_machine.run(STARTED).out == container
    assert grace.server() is not None, "the hub took the server for gone"
    assert grace.run_cell("print('a new kernel')") == "a new kernel\n"


def back_after(machine: Machine, client: HubClient, kill: str) -> float:
    """Seconds from a kill until the person's server can be reached again."""
    assert installed.server_answers(client)
    machine.run(kill)
    since = time.monotonic()
    while not installed.server_answers(client):
        assert time.monotonic() - since < 120, "the way never came back"
        time.sleep(0.05)
    return time.monotonic() - since


@pytest.mark.parametrize("killed", ["pkill -9 -u jupyterhub-proxy", "pkill -9 nginx"], ids=["proxy", "nginx"])
def test_the_way_to_a_server_is_back_within_3_seconds_of_a_kill(
    installed_machine: Machine, grace: HubClient, kernel: Kernel, killed: str
) -> None:
    """The best of up to three kills counts: what else the test host does can only make it later."""
    took = [back_after(installed_machine, grace, killed)]
    while took[-1] >= 3 and len(took) < 3:
        time.sleep(10)  # a service that has just started may be left down for a moment
        took.append(back_after(installed_machine, grace, killed))
    assert min(took) < 3, took
    kernel.reconnect()
    assert kernel.execute("print('the same kernel')") == "the same kernel\n"


def stranger(machine: Machine, owner: HubClient) -> HubClient:
    """A program with a token of its own that nobody has seen yet."""
    token = owner.api("POST", f"users/{owner.user}/tokens", body={"note": "a program"})["token"]
    return installed.client(machine, token=token)


def answered(client: HubClient, page: str) -> str:
    """200; or what a person reads instead, and where."""
    response = client.request("GET", page, step="page", timeout=120)
    return "200" if response.status_code == 200 else f"{page}: {response.status_code} {plain_text(response)}"


@pytest.mark.parametrize("trouble", ["hubinstall restart jupyterhub", "pkill -9 -u jupyterhub"])
def test_no_page_fails_while_the_hub_is_away(installed_machine: Machine, grace: HubClient, trouble: str) -> None:
    """Pages of the hub and of a running server, fifty a second, from before the trouble until after it.

    And that server is asked by somebody for the first time: it has to ask the hub who that is.
    """
    over = time.monotonic() + 8
    with ThreadPoolExecutor(200) as pool, ExitStack() as stack:
        strangers = [stack.enter_context(stranger(installed_machine, grace)) for _ in range(10)]
        asked: list[Future[str]] = []
        stop = None
        while time.monotonic() < over:
            page = "hub/home" if len(asked) % 2 else "user/grace/api/status"
            asked.append(pool.submit(answered, grace, page))
            if len(asked) > 50 and len(asked) % 15 == 0 and strangers:
                asked.append(pool.submit(answered, strangers.pop(), "user/grace/api/status"))
            stop = stop or (pool.submit(installed_machine.run, trouble) if len(asked) == 50 else None)
            time.sleep(0.02)
        assert stop is not None
        stop.result()
        assert {answer.result() for answer in asked} == {"200"}
    installed.wait_for_login_page(installed_machine)


def test_a_changed_limit_restarts_the_hub_and_its_broker_only_and_holds_for_the_next_server(
    installed_machine: Machine, kernel: Kernel
) -> None:
    machine = installed_machine
    graces = memory.group(machine, installed.container("grace"))
    unlimited = memory.limit(machine, graces)
    before = installed.starts(machine)
    machine.run("hubinstall config set limits.shm 100M")
    through(machine, kernel, "hubinstall config set limits.memory 300M --apply")
    others = restarted(machine, before) - installed.names(machine, "hubinstall-broker")  # it keeps the limits, too
    assert others == installed.names(machine, "jupyterhub")
    assert memory.limit(machine, graces) == unlimited != 300 << 20
    with installed.client(machine) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        limits = "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}"
        joans = installed.container("joan")
        assert machine.run(["docker", "inspect", "--format", limits, joans]).out == f"{300 << 20} {300 << 20}\n"
        shared = "docker exec {} df --block-size=1 --output=size /dev/shm"
        assert machine.run(shared.format(joans)).out.split()[-1] == str(100 << 20)
        assert machine.run(shared.format(installed.container("grace"))).out.split()[-1] == str(unlimited // 4)
        hers = memory.group(machine, joans)
        assert memory.limit(machine, hers) == 300 << 20
        assert memory.kills(machine, hers) == 0
        with joan.kernel() as greedy, pytest.raises(HubError, match=r"died|restarted"):
            greedy.execute("y = b'x' * (600 << 20)", timeout=60)
        assert memory.kills(machine, hers) == 1
        assert memory.kills(machine, graces) == 0
        assert kernel.execute("print('alive')", timeout=30) == "alive\n"
        assert joan.run_cell("print('again')") == "again\n"
        joan.stop_server()


def change(client: HubClient, password: str, new: str, again: str = "") -> tuple[int, str]:
    """As the page's form does it; the answer's status, and what a person reads."""
    page = client.request("GET", "hub/password", step="page", headers=PAGE).text
    [token] = re.findall(r'name="_xsrf" value="([^"]+)"', page) or ["none"]
    form = {"password": password, "new": new, "again": again or new, "_xsrf": token}
    answer = client.request("POST", "hub/password", step="change", data=form, headers=PAGE)
    return answer.status_code, answer.text


def is_logged_in(client: HubClient) -> bool:
    return client.request("GET", "hub/home", step="page", headers=PAGE).url.path.endswith("/hub/home")


def test_a_person_changes_the_password_and_only_others_are_logged_out(installed_machine: Machine) -> None:
    machine, old, new = installed_machine, "frequency-1941", "hopping-radio-1942"
    installed.add_person(machine, "hedy", old)
    with installed.client(machine) as here, installed.client(machine) as elsewhere:
        here.login("hedy", old)
        elsewhere.login("hedy", old)
        here.start_server()
        token = here.api("POST", "users/hedy/tokens", body={"note": "a program"})["token"]
        with here.kernel() as kernel, installed.client(machine, token=token) as program:
            kernel.execute("kept = 'still here'")
            assert program.api("GET", "user")["name"] == "hedy"
            assert change(program, old, new)[0] == 403, "a token is no person"
            assert change(here, "frequency-1914", new)[1].count("The current password is not right.") == 1
            assert "The new passwords differ." in change(here, old, new, f"{new}x")[1]
            machine.run("chage -m 5 hedy")
            assert "You must wait longer to change your password." in change(here, old, new)[1], "by PAM's own rules"
            machine.run("chage -m 0 hedy")
            code, text = change(here, old, new)
            assert (code, "Your password is changed." in text) == (200, True), text
            assert machine.run("stat -c '%a %U %G' /etc/shadow").out == "640 root shadow\n"
            assert is_logged_in(here)
            assert not is_logged_in(elsewhere)
            with pytest.raises(HubError, match=r"40[13]"):
                program.api("GET", "user")
            time.sleep(12)  # the watch looks every ten seconds
            machine.run("hubinstall restart jupyterhub")
            installed.wait_for_login_page(machine)
            assert is_logged_in(here)
            assert kernel.execute("print(kept)") == "still here\n"
            assert here.run_cell("print('and a new kernel')") == "and a new kernel\n"
        with pytest.raises(HubError, match="Invalid username or password"):
            elsewhere.login("hedy", old)
        elsewhere.login("hedy", new)
        assert is_logged_in(here)
        here.stop_server()
