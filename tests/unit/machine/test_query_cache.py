"""Questions are asked once, by whoever comes first, and again after a change."""

import threading

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.installation import prefetch
from hubinstall.machine.process_managers import systemd
from hubinstall.machine.query_cache import Answers
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
    prefetch.begin(host)
    wished = [FirewallTable("hubinstall", loaded="/nowhere"), File("/etc/a", content="")]
    prefetch.go_on(host, wished)
    for thread in threading.enumerate():
        if thread.daemon:
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
