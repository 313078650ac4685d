"""How far a run is: counts that grow, estimates that shrink and never jump, and words for every kind of step."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from hubinstall.report import names
from hubinstall.report.progress import Progress, seconds
from hubinstall.resources.base import Change
from hubinstall.resources.files.file import Link
from hubinstall.resources.kinds import KINDS
from hubinstall.resources.packages.virtualenv import Virtualenv
from hubinstall.resources.services.service import Service


@dataclass(frozen=True)
class Step:
    """An image of ours: long enough to be worth an estimate."""

    kind: ClassVar[str] = "image-root"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    needs: tuple[str, ...] = ()


class Locked(Step):
    lock = "apt"


def chain(number: int, kind: type[Step] = Step) -> list[Step]:
    return [kind(str(n), needs=(f"image-root:{n - 1}",) if n else ()) for n in range(number)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_without_a_path(kind):
    class Fake:
        name = "/opt/x"

    Fake.kind = kind
    made = names.words(Change(Fake(), None, {}))
    assert "/" not in made
    assert kind not in made.split() or kind in {"database", "image", "packages"}
    assert kind in names.KINDS


def test_programs_and_services_have_their_own_words():
    venv = Virtualenv("/opt/hubinstall/trees/hub-244f855360e462d8")
    assert names.words(Change(venv, None, {})) == "installing JupyterHub"
    assert names.words(Change(Service("jupyterhub"), None, {})) == "starting the services"
    assert names.words(Change(Service("jupyterhub"), {}, {})) == "restarting the hub"
    assert names.words(Change(Service("nginx"), {}, {})) == "reloading nginx"
    assert names.words(Change(Link("/x", "/y"), {}, None)) == "removing configuration files"
    assert names.words(Change(venv, {}, None)) == "removing JupyterHub"
    assert names.words(Change(Service("nginx"), {}, None)) == "stopping the services"
    assert seconds("virtualenv:/opt/hubinstall/trees/hub-244f855360e462d8") > seconds("virtualenv:/x/node-1") > 1


def test_it_counts_what_is_settled_changed_or_not():
    progress = Progress(0.0)
    progress.expect(chain(3))
    assert progress.words(0.0).startswith("step 1 of 3, about ")
    progress.start("image-root:0", 0.0)
    progress.settle("image-root:0")
    progress.settle("image-root:1")
    assert progress.words(100.0).startswith("step 3 of 3")
    progress.settle("file:/that/nobody/expected")
    progress.start("file:/another", 100.0)
    assert progress.words(100.0).startswith("step 3 of 4")


def test_steps_side_by_side_cost_once_and_those_of_one_lock_add_up():
    side, one_after_the_other, locked = Progress(0.0), Progress(0.0), Progress(0.0)
    side.expect([Step(str(n)) for n in range(6)])
    one_after_the_other.expect(chain(6))
    locked.expect([Locked(str(n)) for n in range(6)])
    assert side.left(0.0) == "about 1 minute left"
    assert one_after_the_other.left(0.0) == locked.left(0.0) == "about 5 minutes left"


@pytest.mark.parametrize("pace", [0.5, 1.0, 4.0])
def test_the_estimate_shrinks_and_adapts_to_the_machine(pace):
    """After the first steps it is near the truth, and from then on it never grows."""
    progress, steps, took = Progress(0.0), chain(8), seconds("image-root:0") * pace
    progress.expect(steps)
    seen = []
    for number in range(len(steps)):
        progress.start(f"image-root:{number}", number * took)
        seen.append(progress.left((number + 0.5) * took))
        progress.settle(f"image-root:{number}")
        progress.finish(f"image-root:{number}", (number + 1) * took)
    minutes = [0 if "less" in words else int(words.split()[1]) for words in seen]
    later = minutes[2:]
    assert later == sorted(later, reverse=True)
    truth = (8 - 3.5) * took / 60
    assert abs(minutes[3] - truth) <= 1 + truth * 0.25
    assert progress.left(8 * took) == "less than a minute left"


def test_steps_that_needed_no_change_say_nothing_about_the_machine():
    """Packages that are there already are settled at once, and do not make the rest look quick."""
    progress = Progress(0.0)
    progress.expect(chain(8))
    for number in range(4):
        progress.settle(f"image-root:{number}")
    assert progress.left(1.0) == "about 3 minutes left"


def test_a_step_that_takes_much_longer_makes_the_rest_longer():
    progress = Progress(0.0)
    progress.expect(chain(2))
    progress.start("image-root:0", 0.0)
    assert progress.left(0.0) == "about 2 minutes left"
    assert progress.left(200.0) == "about 4 minutes left"


def test_a_short_run_is_not_estimated():
    progress = Progress(0.0)
    progress.expect([Link("/x", "/y")])
    assert progress.words(0.0) == "step 1 of 1"
    assert progress.left(0.0) == ""
