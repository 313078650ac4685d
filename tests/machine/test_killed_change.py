"""A reconfiguration that was killed: the hub and people's servers stay up, and the next run makes of it what an
undisturbed one does, file by file. It changes as much as one can without ending somebody's server; there and back.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from harness import addresses, installed, killing, sametree
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.sametree import Tree
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

CONFIG = "/etc/hubinstall/config.yaml"
NAME = "hub.example.test"
BEFORE = f"{addresses.here().settings}users: {{admin: [{installed.ADMIN}]}}\n"
AFTER = f"""\
{addresses.here().settings}\
domain: {NAME}
users: {{admin: [{installed.ADMIN}, {installed.PERSON}], banned: [mallory]}}
limits: {{memory: 800M, cpu: 2, processes: 900}}
network: {{allow: ['10.1.2.3:80']}}
shares:
  course:
  project: {{access: {{group: teachers}}}}
"""
WAYS = {"there": (BEFORE, AFTER), "back": (AFTER, BEFORE)}
EXCUSED = {"a person has written the settings: they stand there already": "settings:mid"}
"""Reason → moments that a reconfiguration does not come to."""
DROPIN = "/etc/hubinstall/jupyterhub_config.d/50-mine.py"
EDITS = "/etc/hubinstall/edits"


def cases(kind: ProcessManager) -> list[str]:
    """Way and moment; by turns there and back, so that each begins where the one before has ended."""
    each = [
        [f"{way} {point}" for point in killing.points(killing.steps(kind, new, old))]
        for way, (old, new) in WAYS.items()
    ]
    by_turns = [case for pair in itertools.zip_longest(*each) for case in pair if case]
    return [case for case in by_turns if not killing.excused(case.partition(" ")[2], EXCUSED)]


@dataclass
class Place:
    """A machine with one person's server and kernel running in it, and what undisturbed reconfigurations make of it."""

    machine: Machine
    grace: HubClient
    kernel: Kernel
    trees: dict[str, Tree] = field(default_factory=dict)

    def go(self, settings: str) -> None:
        self.machine.write(CONFIG, settings, mode=0o600)
        killing.settled(self.machine)

    def tree(self) -> Tree:
        return sametree.tree(self.machine, images=False)

    def log_in(self) -> None:
        """Anew: for five minutes a server knows its visitor, and then has to ask the hub, which may be away."""
        self.grace.close()
        self.grace = installed.client(self.machine, name=NAME)
        self.grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        self.grace.open_server()

    def check_that_all_is_up(self) -> None:
        """The person's server at once; the login page within the time that a hub takes to start."""
        assert installed.server_answers(self.grace)
        assert self.kernel.execute("print(kept)") == "42\n"
        installed.wait_for_login_page(self.machine, name=NAME)


@pytest.fixture(scope="module")
def place(installed_machine: Machine) -> Iterator[Place]:
    machine = installed_machine
    with installed.client(machine, name=NAME) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        with grace.kernel() as kernel:
            kernel.execute("kept = 6 * 7")
            place = Place(machine, grace, kernel)
            for way, (_, new) in WAYS.items():
                place.go(new)
                place.trees[way] = place.tree()
            yield place


@pytest.mark.drawn("case", {kind: cases(kind) for kind in ProcessManager}, sample=4)
def test_killed_once(place: Place, case: str) -> None:
    way, _, point = case.partition(" ")
    old, new = WAYS[way]
    machine = place.machine
    if machine.read(CONFIG) != old:
        place.go(old)
    place.log_in()
    machine.write(CONFIG, new, mode=0o600)
    killing.killed(machine, point)
    place.check_that_all_is_up()
    killing.settled(machine)
    place.check_that_all_is_up()
    assert sametree.differences(place.trees[way], place.tree()) == []


@pytest.mark.drawn("moment", killing.MOMENTS, sample=1)
def test_killed_while_it_puts_back_what_did_not_work(place: Place, moment: str) -> None:
    machine = place.machine
    place.go(BEFORE)
    place.log_in()
    machine.write(DROPIN, "raise RuntimeError('out of my own file')\n", mode=0o640)
    machine.write(CONFIG, AFTER, mode=0o600)
    killing.killed(machine, f"put back:{moment}")
    assert installed.server_answers(place.grace)
    again = killing.run(machine, "")
    assert again.code in {0, 1}, again
    assert "Traceback" not in again.err
    killing.settled(machine)
    place.check_that_all_is_up()
    assert machine.read(CONFIG) == BEFORE
    assert machine.run(["ls", EDITS]).out.split() == [path[1:].replace("/", "%") for path in (CONFIG, DROPIN)]
    machine.run(["rm", "-r", EDITS])
    assert sametree.differences(place.trees["back"], place.tree()) == []


def test_the_moments_are_those_of_a_real_plan(place: Place, process_manager: ProcessManager) -> None:
    for old, new in WAYS.values():
        place.go(old)
        place.machine.write(CONFIG, new, mode=0o600)
        planned = [change["id"] for change in installed.plan(place.machine)]
        assert sorted(planned) == sorted(killing.steps(process_manager, new, old))
