"""The engine on toy resources: order, parallelism, locks, failure, removal; and that it looks again."""

import os
import signal
import threading
import time
from dataclasses import dataclass

import pytest

from fakes.host import FakeHost
from fakes.resources import LockedToy, Silent, StayingToy, Toy
from hubinstall import layout
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Run, in_order, plan
from hubinstall.errors import UserError
from hubinstall.machine.crash_points import KillPoints
from hubinstall.resources import kinds
from hubinstall.resources.files.file import File


@dataclass(frozen=True)
class Bell(Toy):
    """A toy whose change spoils others."""

    kind = "bell"
    unsettles: tuple[str, ...] = ()

    def apply(self, host, change):
        for id_ in self.unsettles:
            host.remove(f"/etc/{id_.partition(':')[2]}")
        super().apply(host, change)


class Patient(Toy):
    """A toy that is done once another one is there."""

    def apply(self, host, change):
        end = time.monotonic() + 60
        while not host.exists(f"/etc/{self.wish}"):
            assert time.monotonic() < end, f"{self.wish} has not begun"
            time.sleep(0.01)
        super().apply(host, change)


class LazyFile(File):
    def apply(self, host, change): ...


class Stuck(Toy):
    """A toy that cannot be taken away."""

    def remove(self, host):
        raise UserError("stuck")


def bell(*needs):
    return Bell("b", unsettles=needs, needs=needs)


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "toy", Toy)
    monkeypatch.setitem(kinds.KINDS, "locked-toy", LockedToy)
    monkeypatch.setitem(kinds.KINDS, "staying-toy", StayingToy)
    monkeypatch.setitem(kinds.KINDS, "bell", Bell)
    return FakeHost(tmp_path)


def ledger(host):
    return Ledger(host, "/var/lib/ledger.json")


def run(host, *wished, reporter=None):
    return Run(list(wished), host, ledger(host), reporter or Silent()).apply()


def test_order_follows_needs_and_otherwise_the_given_order():
    a, b, c = Toy("a", needs=("toy:c",)), Toy("b"), Toy("c")
    assert [r.name for r in in_order([a, b, c])] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("wished", "words"),
    [
        ([Toy("a", needs=("toy:b",))], "needs toy:b, which is not in the list"),
        ([Toy("a", needs=("toy:b",)), Toy("b", needs=("toy:a",))], "a cycle of needs: toy:a → toy:b → toy:a"),
        ([Toy("a"), Toy("a", wish="y")], "toy:a is in the list twice"),
        ([Toy("a"), Bell("b", unsettles=("toy:a",))], "bell:b unsettles toy:a, which it does not need"),
    ],
)
def test_a_bad_blueprint_is_refused(wished, words):
    with pytest.raises(ValueError, match=words):
        in_order(wished)


def test_made_then_nothing_to_do(host):
    # Independent ones end in any order.
    assert {c.id for c in run(host, Toy("a"), Toy("b")).done} == {"toy:a", "toy:b"}
    assert run(host, Toy("a"), Toy("b")).done == []
    assert plan([Toy("a"), Toy("b")], host, ledger(host)) == []


def test_plan_names_exactly_what_apply_fixes(host):
    wished = [Toy("a"), Toy("b"), Toy("c")]
    run(host, *wished)
    host.put("/etc/b", "broken")
    host.path("/etc/c").unlink()
    assert [(c.verb, c.id, c.keys) for c in plan(wished, host, ledger(host))] == [
        ("change", "toy:b", ["wish"]),
        ("create", "toy:c", ["wish"]),
    ]
    assert {c.id for c in run(host, *wished).done} == {"toy:b", "toy:c"}


def test_plan_names_what_goes_unless_it_is_gone_already(host):
    run(host, Toy("a"), Toy("gone"), Toy("kept"))
    host.path("/etc/gone").unlink()
    changes = plan([Toy("kept")], host, ledger(host))
    assert [(c.verb, c.id, c.before) for c in changes] == [("remove", "toy:a", {"wish": "x"})]


def test_an_edit_by_hand_is_told_from_what_was_left_there(host):
    """Files keep edits by that: an engine that forgets it overwrites them without a word."""
    host.mkdir(layout.CONFIG_DIR)
    run(host, File("/etc/a", "ours"), File("/etc/b", "ours"))
    host.put("/etc/a", "by hand")
    wished = [File("/etc/a", "ours by now"), File("/etc/b", "ours by now")]
    hand, ours = plan(wished, host, ledger(host))
    assert hand.last == File("/etc/a", "ours").desired()
    assert ours.last == ours.before
    assert run(host, *wished).failed == {}
    assert [host.text(f"{layout.EDITS}/{name}") for name in host.names(layout.EDITS)] == ["by hand"]


def test_what_does_not_hold_is_a_failure(host):
    host.put("/etc/b", "y")
    a, b = (run(host, Toy(name, mood="lazy")).failed[f"toy:{name}"] for name in "ab")
    assert "toy:a was applied, but its wish still differs from the configuration" in str(a)
    assert a.hint == "desired ['x'], found [None]"
    assert b.hint == "desired ['x'], found ['y']"
    [error] = run(host, LazyFile("/etc/c")).failed.values()
    assert "its content, group, mode, owner, type still differ from the configuration" in str(error)


def test_a_failure_skips_what_needs_it_and_finishes_what_runs(host):
    reporter = Silent()
    toys = [Toy("bad", mood="fail"), Toy("slow", mood="slow"), Toy("late", needs=("toy:bad",))]
    outcome = run(host, *toys, reporter=reporter)
    assert [str(error) for error in outcome.failed.values()] == ["no luck\n  try again"]
    assert reporter.errors == outcome.failed
    assert outcome.skipped == ["toy:late"]
    assert host.text("/etc/slow") == "x"


def test_independent_steps_overlap_and_one_lock_does_not(host):
    free, locked = [], []
    run(host, *(Toy(n, mood="slow", journal=free) for n in "ab"))
    run(host, *(LockedToy(n, mood="slow", journal=locked) for n in "cd"))
    assert [e for e, _ in free] == ["begin", "begin", "end", "end"]
    assert [e for e, _ in locked] == ["begin", "end", "begin", "end"]


def test_a_step_whose_needs_are_met_waits_for_no_other(host):
    outcome = run(host, Patient("slow", wish="b"), Toy("a"), Toy("b", needs=("toy:a",)))
    assert outcome.failed == {}


def test_stopping_begins_no_further_step(host):
    toys = [Toy("first", mood="slow"), Toy("second", needs=("toy:first",))]
    work = Run(toys, host, ledger(host), Silent())
    threading.Timer(0.03, work.stop.set).start()
    outcome = work.apply()
    assert [c.id for c in outcome.done] == ["toy:first"]
    assert outcome.skipped == ["toy:second"]


def test_what_is_no_longer_wished_goes_and_what_was_there_before_stays(host):
    host.put("/etc/theirs", "before us")
    run(host, Toy("theirs"), Toy("ours"), Toy("kept"))
    book = ledger(host)
    unwanted = book.unwanted([Toy("kept")])
    assert [r.name for r in unwanted] == ["ours"]
    Run([], host, book, Silent()).remove(unwanted)
    assert host.read("/etc/ours") is None
    assert host.read("/etc/theirs") is not None
    assert ledger(host).unwanted([Toy("kept")]) == []


def test_a_removal_is_told_of_unless_nothing_was_there(host):
    host.put("/etc/a", "x")
    reporter = Silent()
    outcome = Run([], host, ledger(host), reporter).remove([Toy("a"), Toy("gone")])
    assert [c.id for c in outcome.done] == ["toy:a"]
    assert reporter.events == [("started", "toy:a"), ("finished", "toy:a")]


def test_one_that_cannot_be_removed_does_not_keep_the_rest(host):
    run(host, Stuck("a"), Toy("b"))
    book, reporter = ledger(host), Silent()
    outcome = Run([], host, book, reporter).remove([Stuck("a"), Toy("b")])
    assert {id_: str(error) for id_, error in reporter.errors.items()} == {"toy:a": "stuck"}
    assert reporter.errors == outcome.failed
    assert [r.name for r in ledger(host).unwanted([])] == ["a"]
    assert not host.exists("/etc/b")


def test_a_removal_that_was_killed_is_still_on_the_list(host):
    run(host, Toy("a"))
    if (child := os.fork()) == 0:
        try:
            host.kill_points = KillPoints("toy:a:after")
            Run([], host, ledger(host), Silent()).remove([Toy("a")])
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not host.exists("/etc/a")
    assert [r.name for r in ledger(host).unwanted([])] == ["a"]


def test_what_stays_is_in_no_plan_and_taken_off_the_ledger_alone(host):
    run(host, StayingToy("theirs-by-now"), Toy("ours"))
    book = ledger(host)
    assert [change.id for change in plan([], host, book)] == ["toy:ours"]
    reporter = Silent()
    outcome = Run([], host, book, reporter).remove(book.unwanted([]))
    assert [change.id for change in outcome.done] == ["toy:ours"]
    assert ("finished", "staying-toy:theirs-by-now") not in reporter.events
    assert host.text("/etc/theirs-by-now") == "x"
    assert len(ledger(host)) == 0


def test_the_ledger_names_a_thing_before_it_is_touched(host):
    run(host, Toy("bad", mood="fail"))
    assert "toy:bad" in ledger(host)


def test_the_first_note_of_all_finds_no_folder(host):
    """On an empty machine nothing has made the state's folder before the first thing is noted."""
    outcome = Run([Toy("a")], host, Ledger(host, layout.LEDGER), Silent()).apply()
    assert [c.id for c in outcome.done] == ["toy:a"]
    assert host.exists(layout.LEDGER)


def test_what_a_change_unsettles_is_settled_again_before_what_waits_for_it(host):
    wished = [Toy("a"), Toy("c", needs=("toy:a",)), bell("toy:a", "toy:c"), Toy("d", needs=("toy:c", "bell:b"))]
    reporter = Silent()
    outcome = run(host, *wished, reporter=reporter)
    order = ["toy:a", "toy:c", "bell:b", "toy:a", "toy:c", "toy:d"]
    assert [c.id for c in outcome.done] == order
    assert [id_ for event, id_ in reporter.events if event == "finished"] == order
    assert (outcome.failed, outcome.skipped, plan(wished, host, ledger(host))) == ({}, [], [])
    assert run(host, *wished).done == [], "where nothing was changed nothing is unsettled"


def test_what_is_unsettled_is_noted_as_touched(host):
    wished = [Toy("a"), bell("toy:a")]
    run(host, Toy("a"))
    book = ledger(host)
    book.finish()
    Run(wished, host, book, Silent()).apply()
    assert list(book.touched()) == ["toy:a", "bell:b"]


def test_what_was_unsettled_when_a_run_was_stopped_is_left_to_the_next(host):
    wished = [Toy("a"), bell("toy:a")]
    work = Run(wished, host, ledger(host), reporter := Silent())
    reporter.finished = lambda change: work.stop.set() if change.id == "bell:b" else None
    assert work.apply().skipped == ["toy:a"]
    assert host.read("/etc/a") is None
    assert [c.id for c in run(host, *wished).done] == ["toy:a"]


def test_what_is_unsettled_and_fails_is_named(host):
    """The first time nothing is to do with it."""
    host.put("/etc/a", "x")
    outcome = run(host, Toy("a", mood="fail"), bell("toy:a"), Toy("d", needs=("toy:a", "bell:b")))
    assert (list(outcome.failed), outcome.skipped) == (["toy:a"], ["toy:d"])


def test_some_are_settled_and_all_others_left_alone(host):
    wished = [Toy("a"), Toy("b", needs=("toy:a",)), Toy("c", needs=("toy:b",)), Toy("d")]
    outcome = Run(wished, host, ledger(host), Silent()).settle(["toy:c", "toy:b"])
    assert [c.id for c in outcome.done] == ["toy:b", "toy:c"]
    assert (outcome.failed, outcome.skipped) == ({}, [])
    assert [c.id for c in plan(wished, host, ledger(host))] == ["toy:a", "toy:d"]


def test_some_are_known_to_work_before_the_others(host):
    book = ledger(host)
    Run([Toy("a"), Toy("b")], host, book, Silent()).apply()
    book.finish_only(["toy:b"])
    assert (list(book.touched()), list(ledger(host).touched())) == (["toy:a"], ["toy:a"])
    assert not ledger(host).installed
