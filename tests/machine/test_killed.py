"""Killed anywhere, run again, done: SIGKILL at drawn steps of an install and of reconfigurations; signals; two runs."""

import json
import os
import random
import re

import pytest

from harness import installed
from harness.commands import Result
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall.client import HubClient

SEED = int(os.environ.get("HUBINSTALL_TEST_SEED") or random.SystemRandom().randrange(10**6))
KILLS_OF_INSTALL = 9
KILLS_OF_CHANGES = 5
KILLED = 137
STRAYS = r"""find / -xdev \( -path /proc -o -path /sys -o -path /var/lib/docker \) -prune -o \
    \( -name '*.hubinstall-new' -o -name '*.candidate' -o -name '*.partial' -o -name '*.unfinished' \) -print"""
LOG = "/var/log/hubinstall/hubinstall.log"
# Two states of one file, to go back and forth between: files, a table of the kernel, a service, a share and its end.
VALUES = {"limits.memory": "800M", "network.allow": "[10.1.2.3:80]", "shares": "{course: }"}
CHANGES = (
    " && ".join(f"hubinstall config set {key} '{value}'" for key, value in VALUES.items()),
    " && ".join(f"hubinstall config unset {key}" for key in VALUES),
)


@pytest.fixture(scope="module")
def draw(process_manager: ProcessManager) -> random.Random:
    print(f"HUBINSTALL_TEST_SEED={SEED}")
    return random.Random(f"{SEED} {process_manager}")


def point(machine: Machine, steps: list[str], draw: random.Random) -> str:
    """One of the steps, and a moment of it. Not every kind has a middle where a kill would tell."""
    step = draw.choice(steps)
    whole = step.startswith("unlinked:")
    by_socket = machine.process_manager is ProcessManager.PLAIN and step.startswith("service:")
    return f"{step}:{draw.choice(['before', 'after'] if whole or by_socket else ['before', 'mid', 'after'])}"


def killed(machine: Machine, at: str, command: str = "hubinstall apply") -> None:
    ended = machine.run(command, env={"HUBINSTALL_CRASH_AT": at}, check=False, timeout=1200)
    print(f"killed at {at}")
    assert ended.code in {KILLED, -9}, f"{at}: {ended}"


def steps(machine: Machine) -> list[str]:
    """What an apply would do, in its order."""
    return [change["id"] for change in installed.plan(machine)]


def own_steps(machine: Machine) -> list[str]:
    """Of them those that are surely taken: a package starts its own services, with the settings that are there."""
    left = steps(machine)
    packages = any(step.startswith("packages:") for step in left)
    return [step for step in left if not (packages and step.startswith(("service:", "docker-setting:")))]


def settled(machine: Machine) -> None:
    """Run again: it ends well, nothing is left to do, nothing half-written is left."""
    machine.run(["hubinstall", "apply"], timeout=1200)
    assert steps(machine) == []
    assert machine.run(STRAYS).out == ""


def works(machine: Machine) -> None:
    with HubClient(f"https://{machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("print(6 * 7)") == "42\n"


@pytest.fixture(scope="module")
def survivor(machine: Machine, draw: random.Random) -> Machine:
    """A machine whose first install was killed again and again."""
    machine.push_checkout()
    killed(machine, "packages:base:mid", installed.INSTALL)
    drawn: set[str] = set()
    for _ in range(KILLS_OF_INSTALL):
        # Each step once, and out of the next ones, so that the kills are spread over the whole of the install.
        left = [step for step in own_steps(machine) if step not in drawn]
        if not left:
            break
        at = point(machine, left[: max(5, len(left) // 4)], draw)
        drawn.add(at.rpartition(":")[0])
        killed(machine, at)
    assert len(drawn) >= KILLS_OF_INSTALL // 2
    settled(machine)
    installed.add_person(machine)
    return machine


def test_an_install_that_was_killed_again_and_again_works(survivor: Machine) -> None:
    works(survivor)


def test_changes_that_are_killed_leave_the_hub_up_and_are_finished_by_the_next_run(
    survivor: Machine, draw: random.Random
) -> None:
    machine = survivor
    for turn in range(KILLS_OF_CHANGES):
        machine.run(CHANGES[turn % 2])
        killed(machine, point(machine, steps(machine), draw))
        installed.wait_for_login_page(machine)
        settled(machine)
    works(machine)


@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_a_signal_lets_the_running_step_finish(survivor: Machine, signal: str) -> None:
    machine = survivor
    machine.run(f"hubinstall config set limits.processes {2000 + len(signal)}")
    stopped = while_the_hub_restarts(machine, f"kill -{signal} $pid")
    assert stopped.code == 1
    assert "interrupted" in stopped.err
    assert "Run `hubinstall apply` to go on" in stopped.err
    assert "Traceback" not in stopped.err
    installed.wait_for_login_page(machine)
    settled(machine)


def test_of_two_runs_at_once_the_second_names_the_first(survivor: Machine) -> None:
    machine = survivor
    machine.run("hubinstall config set limits.processes 3000")
    both = while_the_hub_restarts(machine, "hubinstall apply; echo second: $?; echo first: $pid; hubinstall plan >&2")
    assert both.code == 0
    assert "second: 75" in both.out
    assert (first := re.search(r"first: (\d+)", both.out))
    assert f"hubinstall apply (pid {first[1]}) holds the lock" in both.err
    settled(machine)


def while_the_hub_restarts(machine: Machine, act: str) -> Result:
    """An apply in the background, whose PID is `$pid`; `act` comes when its step at the hub's service has begun."""
    begun = "grep -c 'begin change service:jupyterhub:' $log"
    return machine.run(
        f"log={LOG}; before=$({begun}); hubinstall apply & pid=$!\n"
        f"for turn in $(seq 600); do [ $({begun}) != $before ] && break; sleep 0.05; done\n"
        f"{act}\nwait $pid",
        check=False,
    )


def test_the_ledger_knows_every_step_as_it_is(survivor: Machine) -> None:
    """No kill left an entry that says nothing of what stands there, or that is still to be tried."""
    entries = json.loads(survivor.read("/var/lib/hubinstall/ledger.json"))["resources"]
    assert [id_ for id_, entry in entries.items() if "since" in entry] == []
    assert [id_ for id_, entry in entries.items() if not entry["adopted"] and "state" not in entry] == []
