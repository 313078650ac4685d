"""What every machine must do, whatever it is: `--machine` runs these tests on virtual and on borrowed machines, too.

Login and a cell, a second run, a server's memory limit and the machine's reserve, a reboot, a cut of power in the
middle of an apply.
"""

import time

import pytest

from harness import installed, killing, memory
from harness.machine import Machine

pytestmark = pytest.mark.any_machine

LIMIT = 512 << 20
EATER = f"import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'bytearray({2 * LIMIT})']).returncode)"
KILLED = "-9\n"
CHANGE = "hubinstall config set limits.memory 600M --apply"
# A run opens a generation before its first change, and closes it when everything is verified.
IN_THE_MIDDLE = "for one in /var/lib/hubinstall/generations/*; do [ -e $one/closed ] || exit 0; done; exit 1"


def works(machine: Machine) -> None:
    """A person logs in, starts a server and runs a cell."""
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell("import getpass, os; print(getpass.getuser(), os.getcwd())") == "grace /home/grace\n"


def test_a_person_logs_in_and_runs_a_cell(installed_machine: Machine) -> None:
    works(installed_machine)


def test_a_second_run_changes_nothing(installed_machine: Machine) -> None:
    before = installed.starts(installed_machine)
    assert "nothing changed" in installed_machine.run(["hubinstall", "apply"]).err
    assert installed.starts(installed_machine) == before


def test_what_takes_more_than_the_limit_ends_and_the_server_lives(installed_machine: Machine) -> None:
    """The kernel kills one process; neither it nor systemd may end the others of that server."""
    installed_machine.run(f"hubinstall config set limits.memory {LIMIT >> 20}M --apply")
    with installed.client(installed_machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.stop_server()
        grace.start_server()
        with grace.kernel() as kernel:
            kernel.execute("kept = 6 * 7")
            assert kernel.execute(EATER) == KILLED
            time.sleep(2)
            assert kernel.execute("print(kept)") == "42\n"
            group = memory.group(installed_machine, installed.container("grace"))
    assert memory.limit(installed_machine, group) == LIMIT
    assert memory.kills(installed_machine, group) > 0


def test_all_servers_together_leave_the_machine_its_reserve(installed_machine: Machine) -> None:
    works(installed_machine)
    above = memory.group(installed_machine, installed.container("grace")).rpartition("/")[0]
    assert above.rpartition("/")[2].startswith("hubinstall-users")
    total = int(installed_machine.run("awk '$1 == \"MemTotal:\" {print $2}' /proc/meminfo").out) << 10
    assert 0 < memory.limit(installed_machine, above) <= total - (256 << 20)


def test_everything_comes_back_after_a_reboot(installed_machine: Machine) -> None:
    works(installed_machine)
    installed_machine.reboot()
    installed.cold_start(installed_machine)
    assert installed.plan(installed_machine) == []
    works(installed_machine)


def test_power_that_fails_in_the_middle_of_an_apply(installed_machine: Machine) -> None:
    """What was not on the disk yet is lost; the next run finishes the work."""
    with installed_machine.background(f"echo started; {CHANGE}") as apply:
        assert apply.stdout
        assert apply.stdout.readline() == b"started\n"
        while installed_machine.run(IN_THE_MIDDLE, check=False).code and apply.poll() is None:
            time.sleep(0.05)
        assert apply.poll() is None, "it was over before the cut"
        installed_machine.reboot(power_cut=True)
    installed.cold_start(installed_machine)
    killing.settled(installed_machine)
    works(installed_machine)
