"""Runs that are killed at a named moment, and the list of all these moments, which needs no machine."""

import re
from collections.abc import Mapping

from fakes.facts import fake_facts
from harness import installed, sametree
from harness.commands import Result
from harness.machine import Machine
from harness.manifest import HALF_WRITTEN
from harness.nspawn import ProcessManager
from harness.sametree import Tree
from hubinstall.blueprint.contents import blueprint
from hubinstall.config.validate import load
from hubinstall.engine.run import in_order
from hubinstall.resources.base import Resource, resource_id

KILLED = {137, -9}
MOMENTS = ("before", "mid", "after")
AROUND = ("settings", "verify", "accept")
"""The steps of a run that are not in its plan."""
ON_THE_WAY = {
    "bootstrap makes them for the command itself": r"directory:/opt/hubinstall(/trees)?",
    "the ledger's and the first password's place": r"directory:/var/lib/hubinstall(/secrets)?",
    "the kernel of the test host is shared, and has it since its first machine": r"kernel-setting:.*",
}
"""Reason → steps of the blueprint that are in no plan of a fresh machine, because another step does their work."""
POINTS = "/var/tmp/points"


def steps(kind: ProcessManager, settings: str, before: str | None = None) -> list[str]:
    """The steps that bring a machine to these settings, in order; a fresh machine, or one with the settings `before`.

    The people in later settings already have their accounts.
    """
    wished = _desired(kind, settings)
    if before is None:
        gone = re.compile("|".join(ON_THE_WAY.values()))
        return [id_ for id_ in wished if not gone.fullmatch(id_)]
    stood = _desired(kind, before)
    changed = [id_ for id_, wish in wished.items() if id_ not in stood or wish.desired() != stood[id_].desired()]
    both = [*changed, *(id_ for id_ in reversed(stood) if id_ not in wished)]
    return [id_ for id_ in both if not id_.startswith("person:")]


def points(steps_: list[str]) -> list[str]:
    """Every moment of the steps, and of the run's own work around them."""
    return [f"{step}:{moment}" for step in (*AROUND[:1], *steps_, *AROUND[1:]) for moment in MOMENTS]


def excused(point: str, reasons: Mapping[str, str]) -> bool:
    """Whether there is a reason (→ patterns of moments) why a run does not reach this moment."""
    return any(re.fullmatch(pattern, point) for pattern in reasons.values())


def run(machine: Machine, crash_at: str, command: str = "") -> Result:
    """One run of the command, as a person would continue: the README's until the settings are written, then apply."""
    written = machine.run(["grep", "-q", installed.ADMIN, installed.CONFIG], check=False).code == 0
    again = "hubinstall apply" if written else installed.readmes_command()
    return machine.run(command or again, env={"HUBINSTALL_CRASH_AT": crash_at}, check=False, timeout=1800)


def killed(machine: Machine, at: str, command: str = "") -> None:
    ended = run(machine, at, command)
    assert ended.code in KILLED, f"{at}: {ended}"


def walk(machine: Machine, left_out: list[str]) -> list[str]:
    """Kill run after run, each at the first moment that is new, until a run reaches its end.

    `left_out`: moments that count as tried. Returns the others, in the order in which the runs reached them.
    """
    machine.write(POINTS, "".join(f"{point}\n" for point in left_out))
    while (ended := run(machine, POINTS)).code in KILLED:
        pass
    assert ended.code == 0, ended
    tried = machine.read(POINTS).splitlines()[len(left_out) :]
    machine.run(["rm", POINTS])
    return tried


def settled(machine: Machine) -> None:
    """Run again: it succeeds, nothing is left to do, no file is half-written, and dpkg has nothing to finish."""
    ended = run(machine, "")
    assert ended.code == 0, ended
    for left in (installed.plan(machine), machine.run(HALF_WRITTEN).out, machine.run("dpkg --audit").out):
        assert not left, left


def finished(machine: Machine, clean: Tree) -> None:
    """Run a killed install again: the machine becomes the same as after an undisturbed install, and the hub is up."""
    settled(machine)
    installed.wait_for_login_page(machine)
    installed.add_person(machine)
    left = sametree.differences(clean, sametree.tree(machine))
    assert not left, "\n".join(left)


def _desired(kind: ProcessManager, settings: str) -> dict[str, Resource]:
    manager = "systemd" if kind is ProcessManager.SYSTEMD else "supervisor"
    wished = blueprint(load(settings, "config.yaml").settings, fake_facts(manager=manager))
    return {resource_id(resource): resource for resource in in_order(wished)}
