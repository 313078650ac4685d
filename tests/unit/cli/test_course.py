"""`hubinstall course`: all is checked first, what is missing is made, and a second time there is nothing to do."""

import json
from types import SimpleNamespace

import pytest

from fakes.facts import fake_facts
from fakes.people_machine import made
from hubinstall import layout
from hubinstall.cli import course, main, user_import
from hubinstall.errors import UserError

CLASS = "name;full name;email;group;password\nemmy;Emmy Noether;;;noether-1918\nsofja;;;;\nalice;;;;\n"
CONFIG = "# ours\nusers:\n  admin: [alice]  # for now\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Its applies only keep config.yaml."""
    applied: list[str] = []
    brought: list[tuple[dict[str, str], str]] = []

    def apply_config(host, config, _output):
        host.write(layout.CONFIG_FILE, config.text.encode())
        applied.append(config.text)
        return 0

    facts = fake_facts(addresses=("203.0.113.7",))
    monkeypatch.setattr(user_import, "gather", lambda *_: facts)
    monkeypatch.setattr(course, "apply_config", apply_config)
    monkeypatch.setattr(course, "read", lambda _host, _config: SimpleNamespace(facts=facts))
    monkeypatch.setattr(course.preflight, "refuse", lambda *_: None)
    monkeypatch.setattr(
        course.environment, "change", lambda given, _, make: brought.append((make({}), given.environment))
    )
    machine = made(tmp_path, monkeypatch)
    machine.applied, machine.brought = applied, brought
    machine.put(layout.CONFIG_FILE, CONFIG)
    machine.path("/root").mkdir()
    return machine


@pytest.fixture
def said(machine, tmp_path, capsys):
    (tmp_path / "class.csv").write_text(CLASS)

    def run(*words):
        machine.forget()
        given = [word.replace("FILE", str(tmp_path / "class.csv")) for word in words]
        arguments = main.parser().parse_args(["course", *given])
        assert course.VERBS[arguments.course_verb](arguments, machine) == 0
        told = capsys.readouterr()
        return told.out + told.err

    return run


def test_one_command_and_a_second_time_nothing_is_to_do(machine, said):
    told = said("add", "stats-101", "--teacher", "alice", "--students", "FILE", "--title", "Stats: 101")
    assert "2 accounts can log in" in told
    assert "3 accounts joined the group stats-101: alice, emmy, sofja" in told
    assert "stats-101 is there, with 2 students" in told
    assert "address: https://203.0.113.7/course/stats-101" in told
    assert machine.members("stats-101") == "alice,emmy,sofja"
    assert machine.shadow.passwords["emmy"] == "noether-1918"
    text = machine.text(layout.CONFIG_FILE)
    assert text == f'{CONFIG}courses:\n  stats-101: {{title: "Stats: 101", teachers: [alice]}}\n'
    again = said("add", "stats-101", "--teacher", "alice", "--students", "FILE")
    assert "stats-101 is there already, with 2 students" in again
    assert "joined" not in again
    assert machine.text(layout.CONFIG_FILE) == text
    said("add", "stats-101", "--title", "another one")
    assert machine.text(layout.CONFIG_FILE) == text.replace("Stats: 101", "another one")
    said("add", "stats-101", "--environment", "stats")
    assert "environment: stats}\n" in machine.text(layout.CONFIG_FILE)
    said("add", "stats-101", "--nbgrader")
    assert "nbgrader: true}\n" in machine.text(layout.CONFIG_FILE)
    assert machine.brought == [({layout.REQUIRED: "nbgrader\n"}, "stats")]
    said("add", "bio", "--environment", "stats")
    assert "  bio: {environment: stats}\n" in machine.text(layout.CONFIG_FILE)


@pytest.mark.parametrize("setting", ["base_url: /jupyter/\n", "domain: hub.example.org\n"])
def test_the_address_is_the_one_that_people_type(machine, said, setting):
    machine.put(layout.CONFIG_FILE, CONFIG + setting)
    told = said("add", "stats-101")
    assert "address: https://" in told
    assert ("/jupyter/course/stats-101\n" in told) == ("base_url" in setting)
    assert ("https://hub.example.org/course/stats-101\n" in told) == ("domain" in setting)


def test_what_a_killed_run_has_left_is_done(machine, said, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(course.courses, "enrol", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            said("add", "stats-101", "--students", "FILE")
    assert machine.row("emmy")
    assert machine.text(layout.CONFIG_FILE) == CONFIG
    said("add", "stats-101", "--students", "FILE")
    assert machine.members("stats-101") == "alice,emmy,sofja"
    assert "stats-101" in machine.text(layout.CONFIG_FILE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add", "Stats"), "cannot be the name of a course"),
        (("add", "stats", "--teacher", "nobody"), "there is no account nobody"),
        (("add", "stats", "--students", "/nowhere.csv"), "/nowhere.csv cannot be read"),
        (("remove", "stats", "--yes"), "there is no course stats"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(machine, said, words, message):
    before = machine.text("/etc/group"), machine.text("/etc/passwd")
    with pytest.raises(UserError) as refused:
        said(*words)
    assert message in str(refused.value)
    assert (machine.text("/etc/group"), machine.text("/etc/passwd")) == before
    assert machine.applied == []


def test_a_list_and_the_end_of_a_course(machine, said):
    said("add", "stats-101", "--teacher", "alice", "--students", "FILE", "--title", "Statistics")
    said("add", "bio")
    assert said("list").splitlines() == [
        "COURSE     STUDENTS  TEACHERS  TITLE",
        "stats-101  2         alice     Statistics",
        "bio        0                   bio",
    ]
    [stats, _] = json.loads(said("list", "--json"))["courses"]
    assert (stats["students"], stats["hand_in"]) == (["emmy", "sofja"], "stats-101-hand-in")
    with pytest.raises(UserError, match="this ends the course bio"):
        said("remove", "bio")
    assert "bio is no course any more" in said("remove", "bio", "--yes")
    assert "bio" not in machine.text(layout.CONFIG_FILE)
    assert machine.members("stats-101") == "alice,emmy,sofja"
