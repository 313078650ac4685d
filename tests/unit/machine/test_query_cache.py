"""Questions are asked once, by whoever comes first, and again after a change."""

import threading

import pytest

from fakes.host import FakeHost
from fakes.process_managers import SupervisorMachine
from hubinstall import layout
from hubinstall.engine.journal import Journal
from hubinstall.engine.ledger import Ledger
from hubinstall.errors import CommandError
from hubinstall.installation import prefetch
from hubinstall.machine import access_lists
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers import systemd
from hubinstall.machine.process_managers.supervisor import Supervisor
from hubinstall.machine.query_cache import Answers
from hubinstall.resources.base import Change
from hubinstall.resources.files.file import File
from hubinstall.resources.kernel import FirewallTable
from hubinstall.resources.packages import apt


def test_a_question_is_asked_once_until_all_is_forgotten():
    answers, asked = Answers(), []

    def ask():
        asked.append(1)
        return len(asked)

    assert [answers.once("q", ask), answers.once("q", ask)] == [1, 1]
    answers.forget()
    assert answers.once("q", ask) == 2


def test_who_comes_second_waits_for_the_answer():
    answers, may_end, begun = Answers(), threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert may_end.wait(10)
        return "slowly"

    answers.ahead(lambda: answers.once("q", slowly))
    assert begun.wait(10)
    threading.Timer(0.05, may_end.set).start()
    assert answers.once("q", lambda: "at once") == "slowly"


def test_what_was_asked_before_a_change_is_no_answer_after_it():
    answers, may_end, begun = Answers(), threading.Event(), threading.Event()
    ended = threading.Event()

    def before():
        begun.set()
        assert may_end.wait(10)
        return "before"

    def look():
        assert answers.once("q", before) == "before"
        ended.set()

    answers.ahead(look)
    assert begun.wait(10)
    answers.forget()
    assert answers.once("q", lambda: "after") == "after"
    may_end.set()
    assert ended.wait(10)
    assert answers.once("q", lambda: "later") == "after"


def test_a_question_may_ask_others():
    answers = Answers()
    assert answers.once("a", lambda: answers.once("b", lambda: 1) + 1) == 2


def test_a_failure_reaches_who_asks_and_is_no_answer():
    answers, looked = Answers(), threading.Event()

    def fails():
        raise OSError("no")

    def look():
        try:
            answers.once("q", fails)
        finally:
            looked.set()

    answers.ahead(look)  # says nothing
    assert looked.wait(10)
    with pytest.raises(OSError, match="no"):
        answers.once("q", fails)
    assert answers.once("q", lambda: 1) == 1


def test_a_plan_finds_its_answers_begun(tmp_path):
    said = {"dpkg-query": "nginx installed\n", "systemctl show": "Id=nginx.service\n"}
    host = FakeHost(tmp_path, said)
    host.put(f"{layout.SYSTEMD_RUNS}/there", "")
    of_other_tests = threading.enumerate()
    prefetch.begin(host)
    wished = [FirewallTable("hubinstall", loaded="/nowhere"), File("/etc/a", content="")]
    prefetch.continue_with(host, wished)
    for thread in threading.enumerate():
        if thread not in of_other_tests:
            thread.join(10)
    begun = sorted(host.commands)
    assert [command.split()[0] for command in begun] == ["dpkg-query", "nft", "nft", "systemctl"]
    assert sorted(host.questions) == ["/info", f"/networks/{layout.NETWORK}"]
    assert apt.statuses(host) == {"nginx": "installed"}
    assert systemd.units(host)["nginx.service"]
    assert wished[0].actual(host) is None
    assert sorted(host.commands) == begun


def test_a_step_that_touches_nothing_leaves_the_answers(tmp_path):
    host, asked = FakeHost(tmp_path), []
    for touch in (lambda: None, lambda: host.write("/etc/a", b""), lambda: None):
        host.once("q", lambda: asked.append(1))
        with host.step("toy:a"):
            touch()
    assert len(asked) == 2


def fails(call, *arguments):
    with pytest.raises(CommandError):
        call(*arguments)


ACTS = {
    "write": lambda host: host.write("/etc/a", b"x"),
    "rename": lambda host: host.rename("/etc/there", "/etc/b"),
    "link": lambda host: host.link("/etc/c", "/etc/there"),
    "mkdir": lambda host: host.mkdir("/etc/folder"),
    "mkdir, one that is there": lambda host: host.mkdir("/etc", mode="0750"),
    "remove": lambda host: host.remove("/etc/there"),
    "remove_tree": lambda host: host.remove_tree("/etc"),
    "new_files": lambda host: host.new_files("/etc", access_lists.of_new_files(5, 5)),
    "run": lambda host: host.run(["true"]),
    "run, and it fails": lambda host: fails(host.run, ["false"]),
    "run, and nobody minds that it fails": lambda host: host.run(["false"], check=False),
    "wait": lambda host: host.wait(0),
}
LOOKS = {
    "read": lambda host: (host.read("/etc/there"), host.stat("/etc/there"), host.names("/etc"), host.uid("alice")),
    "query": lambda host: host.query(["getent", "passwd"]),
    "query, and it fails": lambda host: host.query(["getent", "no"], check=False),
    "ask": lambda host: host.ask("/run/there.sock", "/info"),
}


def still_known(host, act) -> bool:
    mark = host.once("q", object)
    act(host)
    return host.once("q", object) is mark


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path, {"true": "", "false": (1, ""), "getent passwd": "", "getent no": (2, "")})
    host.put("/etc/there", "")
    return host


@pytest.mark.parametrize("act", ACTS)
def test_what_acts_forgets_by_itself(host, act):
    assert not still_known(host, ACTS[act])


@pytest.mark.parametrize("look", LOOKS)
def test_what_only_looks_leaves_the_answers(host, look):
    assert still_known(host, LOOKS[look])


def test_every_method_of_the_host_is_known_to_act_or_to_look():
    looks = {"path", "stat", "exists", "names", "text", "uid", "gid", "which", "environment", "once", "ahead", "show"}
    others = looks | {"forget", "changing", "step", "notice"}
    methods = {name for name, value in vars(Host).items() if callable(value) and not name.startswith("_")}
    assert methods - others == {name.partition(",")[0] for name in (*ACTS, *LOOKS)}


def test_an_order_to_supervisord_is_an_act(tmp_path):
    machine = SupervisorMachine(tmp_path)
    assert not still_known(machine.host, lambda host: Supervisor().define(host, "jupyterhub"))
    assert not still_known(machine.host, lambda host: Supervisor().stop(host, "jupyterhub"))


def test_our_own_notes_are_nothing_that_anybody_asks_about(host):
    """Ledger and journal write at every step, while other steps look."""
    ledger = Ledger(host, layout.LEDGER)
    host.mkdir(layout.STATE)
    host.journal = Journal(host)
    assert still_known(host, lambda host: host.journal.remember("/etc/there"))
    wished = File("/etc/a", content="")
    assert still_known(host, lambda _: ledger.note(Change(wished, None, wished.desired())))
    assert still_known(host, lambda _: ledger.finish())
    assert host.names(layout.GENERATIONS)
    assert host.exists(layout.LEDGER)


def test_a_fake_host_tells_a_question_from_an_act(host):
    with pytest.raises(AssertionError, match="a question that may act: true"):
        host.query(["true"])
    with pytest.raises(AssertionError, match="an act within a question: true"):
        host.once("q", lambda: host.run(["true"]))
