"""Killed here and there, run again, done: at drawn steps of an install, in dpkg; signals, two runs, apt's locks.

Every moment of every step: test_killed_install.py, test_killed_change.py.
"""

import json
import random
import re
import time

import pytest

import drawn
from harness import installed, killing, traced
from harness.commands import Result
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.sametree import Tree
from hubinstall.machine.host import TEMPORARY

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

KILLS_OF_INSTALL = 8
STARTED_WITHIN = 2.0
"""Seconds that a process manager takes for a service's start."""
LOG = "/var/log/hubinstall/hubinstall.log"
INTERRUPT_BOOTSTRAP = f"""
{installed.readmes_command()} & pid=$!
until pgrep -f '[p]ip-.*[.]whl'; do kill -0 $pid || exit 9; sleep 0.01; done >&2
kill -INT $pid
wait $pid"""
# SIGKILL to all that has to do with it, once a package is in one of the states $1 (dpkg(1)); the command is $2.
KILL_DPKG = r"""
$2 & pid=$!
until grep -qsE "^Status: .* ($1)\$" /var/lib/dpkg/updates/[0-9]* /var/lib/dpkg/status; do
    kill -0 $pid || exit 9
    sleep 0.005
done
kill -9 $pid; pkill -9 -x 'apt-get|dpkg|dpkg-deb'
wait $pid"""
# As apt does it (fcntl(2), F_SETLK), until there is a file that ends it.
HOLD_LOCK = """
import fcntl, os, time
file = open("/var/lib/dpkg/lock-frontend", "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open("/tmp/held", "w").close()
while os.path.exists("/tmp/held"):
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def draw(process_manager: ProcessManager) -> random.Random:
    return random.Random(f"{drawn.seed()} {process_manager}")


def point(machine: Machine, steps: list[str], draw: random.Random) -> str:
    """One of the steps, and a moment of it. Not every kind has a middle where a kill would tell."""
    step = draw.choice(steps)
    by_socket = machine.process_manager is ProcessManager.PLAIN and step.startswith("service:")
    return f"{step}:{draw.choice(['before', 'after'] if by_socket else killing.MOMENTS)}"


def own_steps(machine: Machine) -> list[str]:
    """What an apply would do, of it what it surely does: a package starts its own services, with what is there, and
    a dockerd that is started has read its settings.
    """
    left = left_to_do(machine)
    not_sure: tuple[str, ...] = ()
    if "service:docker" in left:
        not_sure += ("docker-setting:",)
    if any(step.startswith("packages:") for step in left):
        not_sure += ("docker-setting:", "service:")
    return [step for step in left if not step.startswith(not_sure)]


def left_to_do(machine: Machine) -> list[str]:
    """The steps of the next apply, once what a killed run has begun (an apt, a service's start) has come to its end:
    it would be on the list, and done by the time of the apply.
    """
    machine.run("while pgrep -x 'apt-get|dpkg' >&2; do sleep 0.1; done")
    if machine.process_manager is ProcessManager.SYSTEMD:
        machine.run("while systemctl list-jobs --no-legend | grep .; do sleep 0.1; done")
    before: list[str] = []
    while (left := [change["id"] for change in installed.plan(machine)]) != before:
        before = left
        time.sleep(STARTED_WITHIN)
    return left


def kill_dpkg(machine: Machine, states: str, command: str) -> None:
    """It must have left something half-done."""
    ended = machine.run(["bash", "-c", KILL_DPKG, "bash", states, command], check=False, timeout=1200)
    assert ended.code in killing.KILLED, ended
    assert machine.run("dpkg --audit").out


def works(machine: Machine) -> None:
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("print(6 * 7)") == "42\n"


@pytest.fixture(scope="module")
def survivor(machine: Machine, draw: random.Random) -> Machine:
    """A machine whose first install was killed again and again."""
    installed.bring(machine)
    kill_dpkg(machine, "half-installed|unpacked", installed.readmes_command())
    interrupted = machine.run(INTERRUPT_BOOTSTRAP, check=False)
    assert interrupted.code == 130, interrupted
    assert "bootstrap: interrupted" in interrupted.err
    assert "Run the same command again to continue" in interrupted.err
    killing.killed(machine, "packages:base:before")
    kill_dpkg(machine, "unpacked|half-configured", "hubinstall apply")
    tried: set[str] = set()
    while len(tried) < KILLS_OF_INSTALL and (left := [step for step in own_steps(machine) if step not in tried]):
        # Each step once, and out of the next ones, so that the kills are spread over the whole of the install.
        at = point(machine, left[: max(5, len(left) // 4)], draw)
        print(f"killed at {at}")
        tried.add(at.rpartition(":")[0])
        killing.killed(machine, at)
    return machine


def test_an_install_that_was_killed_again_and_again_is_as_one_that_was_not(survivor: Machine, clean: Tree) -> None:
    killing.finished(survivor, clean)
    works(survivor)


def test_while_another_installs_packages_it_is_named_and_waited_for(survivor: Machine) -> None:
    machine = survivor
    machine.run("apt-get remove -qy mmdebstrap")
    with machine.background(["python3", "-c", HOLD_LOCK]):
        machine.run("until [ -e /tmp/held ]; do sleep 0.05; done; pgrep -f '^python3 -c' > /tmp/holder")
        with machine.background("exec hubinstall apply") as apply:
            assert apply.stderr
            waiting = next(line.decode() for line in apply.stderr if b"waiting for" in line)
            assert f"waiting for pid {machine.read('/tmp/holder').split()[0]} (python3 -c" in waiting
            machine.run("rm /tmp/held")
            apply.communicate(timeout=300)
            assert apply.returncode == 0
    killing.settled(machine)


def test_files_are_on_the_disk_before_they_count(survivor: Machine) -> None:
    """Against a cut of power: the file, then its name, then its folder, before the next thing is done."""
    machine = survivor
    machine.run("apt-get install -qy strace >&2 && hubinstall config set shares '{slides: }'")
    machine.run("hubinstall config set limits.memory 850M")
    seen: dict[str, list[str]] = {}
    for calls in traced.threads(machine, ["hubinstall", "apply"]):
        seen |= traced.switched(calls, TEMPORARY)
    assert {path: missing for path, missing in seen.items() if missing} == {"/etc/skel/slides": ["fsync of the file"]}
    accepted = "/var/lib/hubinstall/accepted/%2Fetc%2Fhubinstall%2Fconfig.yaml"
    assert {"/opt/hubinstall/etc/hub.json", "/var/lib/hubinstall/ledger.json", accepted} <= seen.keys()
    killing.settled(machine)


@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_a_signal_lets_the_running_step_finish(survivor: Machine, signal: str) -> None:
    machine = survivor
    machine.run(f"hubinstall config set limits.processes {2000 + len(signal)}")
    stopped = while_the_hub_restarts(machine, f"kill -{signal} $pid")
    assert stopped.code == 1
    assert "interrupted" in stopped.err
    assert "Run `hubinstall apply` to continue" in stopped.err
    assert "Traceback" not in stopped.err
    installed.wait_for_login_page(machine)
    killing.settled(machine)


def test_of_two_runs_at_once_the_second_names_the_first(survivor: Machine) -> None:
    machine = survivor
    machine.run("hubinstall config set limits.processes 3000")
    both = while_the_hub_restarts(machine, "hubinstall apply; echo second: $?; echo first: $pid; hubinstall plan >&2")
    assert both.code == 0
    assert "second: 75" in both.out
    assert (first := re.search(r"first: (\d+)", both.out))
    assert f"hubinstall apply (pid {first[1]}) holds the lock" in both.err
    killing.settled(machine)


def while_the_hub_restarts(machine: Machine, act: str) -> Result:
    """An apply in the background, whose PID is `$pid`; `act` comes when its step at the hub's service has begun."""
    begun = "grep -c 'begin change service:jupyterhub:' $log"
    return machine.run(
        f"log={LOG}; before=$({begun}); hubinstall apply & pid=$!\n"
        f"while [ $({begun}) = $before ] && kill -0 $pid; do sleep 0.05; done\n"
        f"{act}\nwait $pid",
        check=False,
    )


def test_the_ledger_knows_every_step_as_it_is(survivor: Machine) -> None:
    """No kill left an entry that says nothing of what stands there, or that is still to be tried."""
    entries = json.loads(survivor.read("/var/lib/hubinstall/ledger.json"))["resources"]
    assert [id_ for id_, entry in entries.items() if "since" in entry] == []
    assert [id_ for id_, entry in entries.items() if not entry["adopted"] and "state" not in entry] == []
