"""Where a test has a run killed: at one moment, or at each that has not been tried yet."""

import os
import signal

import pytest

from hubinstall.machine.crash_points import MIDS, KillPoints


def ended(asked, mids=2):
    """How a process ends that goes through one step; True when it was killed."""
    if (child := os.fork()) == 0:
        points = KillPoints(asked)
        points.enter("toy:a")
        points.before()
        for _ in range(mids):
            points.mid()
        points.after()
        points.leave()
        points.mid()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(
    ("asked", "killed"),
    [
        ("", False),
        ("toy:a:before", True),
        ("toy:a:mid", True),
        ("toy:a:mid2", True),
        ("toy:a:mid3", False),
        ("toy:a:after", True),
        ("toy:b:before", False),
    ],
)
def test_one_moment_of_one_step(asked, killed):
    assert ended(asked) is killed


def test_each_run_gets_one_moment_further(tmp_path):
    path = tmp_path / "points"
    path.write_text("toy:a:mid\n")
    runs = 0
    while ended(str(path)):
        runs += 1
    assert runs == 3
    assert path.read_text().split() == ["toy:a:mid", "toy:a:before", "toy:a:mid2", "toy:a:after"]


def test_a_step_that_asks_without_end_has_an_end_of_moments(tmp_path):
    path = tmp_path / "points"
    while ended(str(path), mids=10 * MIDS):
        pass
    assert len(path.read_text().split()) == MIDS + 2
