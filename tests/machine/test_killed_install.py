"""A first install that was killed: run again, the machine is the one that an undisturbed install makes, file by file.

Each moment of each step on a machine of its own; and one machine that is killed at every moment, one after the other.
"""

import re

import pytest

from harness import installed, killing
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.sametree import Tree
from hubinstall.machine.crash_points import MIDS

SETTINGS = f"users: {{admin: [{installed.ADMIN}]}}"
STEPS = {kind: killing.steps(kind, SETTINGS) for kind in ProcessManager}
WITH_THE_SETTINGS = {"it is made when config.yaml is written into it": r"directory:/etc/hubinstall:\w+"}
EXCUSED = {
    ProcessManager.PLAIN: WITH_THE_SETTINGS
    | {
        "supervisor is told through its socket, by one call that is there or not": r"service:.*:mid",
        "dockerd starts with the setting in its file": r"docker-setting:live-restore:.*",
    },
    ProcessManager.SYSTEMD: WITH_THE_SETTINGS
    | {
        "the packages start them, with what is there by then": r"(docker-setting:.*|service:(containerd|docker)):\w+",
    },
}
"""Reason → moments that a first install does not come to, or only when its threads happen to run so."""
POINTS = {
    kind: [point for point in killing.points(STEPS[kind]) if not killing.excused(point, EXCUSED[kind])]
    for kind in ProcessManager
}
MIDS_OF_ALL = ("mid", *(f"mid{number}" for number in range(2, MIDS + 1)))
# A step's last moment is not come to once it was killed in the middle and what it had started went on to its end.
WALKS = {"before and in the middle": ("before", *MIDS_OF_ALL), "after": ("after",)}
# Each costs a build of the image; the moment after it is tried by the other walk.
TOO_DEAR = re.compile(r"image-root:.*:mid([3-9]|\d\d)")


def killed_once(kind: ProcessManager, point: str, clean: Tree) -> None:
    with Machine(kind) as machine:
        installed.bring(machine)
        killing.killed(machine, point)
        killing.finished(machine, clean)


@pytest.mark.drawn("point", POINTS, sample=0)
def test_killed_once(process_manager: ProcessManager, point: str, clean: Tree) -> None:
    killed_once(process_manager, point, clean)


def walked(kind: ProcessManager, moments: list[str], clean: Tree) -> list[str]:
    """One machine, killed at these moments one after the other: those that it was killed at, in their order."""
    steps, each = (*killing.AROUND, *STEPS[kind]), ("before", *MIDS_OF_ALL, "after")
    left_out = [f"{step}:{moment}" for step in steps for moment in each if f"{step}:{moment}" not in moments]
    with Machine(kind) as machine:
        installed.bring(machine)
        tried = killing.walk(machine, left_out)
        killing.finished(machine, clean)
    print(f"{kind}: killed {len(tried)} times\n" + "\n".join(tried))
    return tried


@pytest.mark.drawn("moments", dict.fromkeys(ProcessManager, WALKS), sample=0)
def test_killed_at_every_moment_one_after_the_other(process_manager: ProcessManager, moments: str, clean: Tree) -> None:
    steps = (*killing.AROUND, *STEPS[process_manager])
    every = [f"{step}:{moment}" for step in steps for moment in WALKS[moments]]
    tried = walked(process_manager, [point for point in every if not TOO_DEAR.fullmatch(point)], clean)
    left = [point for point in every if point in POINTS[process_manager] and point not in tried]
    # While one thread was killed, others were at work: what they had done then was no place to be killed at any more.
    # Where a walk has nothing but those before it, it comes to most of them.
    while left and tried:
        print(f"stepped over: {left}")
        tried = walked(process_manager, left, clean)
        left = [point for point in left if point not in tried]
    for point in left:
        print(f"on a machine of its own: {point}")
        killed_once(process_manager, point, clean)
