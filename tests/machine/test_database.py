"""A new JupyterHub wants the hub's database in a new form: it is upgraded, or put back with the old one."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness import installed, later_hub
from harness.machine import Machine
from hubinstall import layout
from hubinstall.blueprint.hub import SCHEMA
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

pytestmark = pytest.mark.one_kind

STEP = f"database:{layout.HUB_DATABASE}"
UPGRADE = "python3 hubinstall/installer/bootstrap.py --verbose"
CONTAINERS = "docker ps --no-trunc --format '{{.Names}} {{.ID}}' | sort"


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[tuple[HubClient, Kernel]]:
    """A person who is at work, and knows nothing of the upgrade."""
    with ExitStack() as stack:
        client = stack.enter_context(installed.client(installed_machine))
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        kernel = stack.enter_context(client.kernel())
        kernel.execute("kept = 'since before'")
        yield client, kernel


@pytest.fixture(scope="module")
def containers(installed_machine: Machine, grace: tuple[HubClient, Kernel]) -> str:
    assert grace
    return installed_machine.run(CONTAINERS).out


def goes_on(machine: Machine, grace: tuple[HubClient, Kernel], containers: str) -> None:
    """Her server is the same, the hub knows her session and her server, and her kernel what it knew."""
    client, kernel = grace
    assert machine.run(CONTAINERS).out == containers
    assert kernel.execute("print(kept)") == "since before\n"
    assert installed.server_answers(client)
    assert client.server() is not None


def test_a_hub_that_does_not_work_is_put_back_with_the_database(
    installed_machine: Machine, grace: tuple[HubClient, Kernel], containers: str
) -> None:
    machine = installed_machine
    later_hub.push(machine, works=False)
    failed = machine.run(UPGRADE, check=False)
    assert failed.code == 1
    assert STEP in installed.changed(failed)
    assert "failed: verify" in failed.err
    assert "The machine is back as it was when everything last worked." in failed.err
    assert later_hub.form(machine) == SCHEMA
    goes_on(machine, grace, containers)


def test_a_kill_in_the_upgrade_leaves_a_database_that_the_next_run_upgrades(
    installed_machine: Machine, grace: tuple[HubClient, Kernel], containers: str
) -> None:
    machine = installed_machine
    later_hub.push(machine)
    killed = machine.run(UPGRADE, env={"HUBINSTALL_CRASH_AT": f"{STEP}:mid"}, check=False)
    assert killed.code != 0
    assert later_hub.form(machine) == SCHEMA
    done = machine.run(UPGRADE)
    assert STEP in installed.changed(done)
    assert later_hub.form(machine) == later_hub.REVISION
    goes_on(machine, grace, containers)


def test_then_nothing_is_to_do_and_a_new_server_starts(
    installed_machine: Machine, grace: tuple[HubClient, Kernel]
) -> None:
    assert installed.plan(installed_machine) == []
    client, _ = grace
    client.stop_server()
    client.start_server()
    assert client.run_cell("print(6 * 7)") == "42\n"
