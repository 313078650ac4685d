"""One-time links: whose password they set, once; and who may make them by the page for teachers."""

import grp
import json
import os
import pwd
import stat
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fakes.hub_people import everyone
from hubinstall import layout
from hubinstall.accounts_helper import by_link, links, pam, shadow, strong
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.links import Link
from hubinstall.accounts_helper.policy import Making, Policy
from hubinstall.accounts_helper.questions import First, MalformedError, Reset, Whose, parsed
from hubinstall.hubside import rights
from hubinstall.hubside.helper import Refusal
from hubinstall.hubside.memberships import Memberships

NUMBERS = {
    "root": 0, layout.PROBE_USER: 998, "ada": 1000, "prof": 1001, "assistant": 1002, "grace": 1003, "linus": 1004,
    "sue": 1005, "directory": 1006, "admin2": 1007, "locked": 1008,
}  # fmt: skip
"""ada and admin2 administer the hub; prof and assistant teach `course`; sue has sudo."""
COURSE = ["grace", "assistant", "admin2", "sue", "directory", "locked"]
RIGHT, NEW = "right", "three-new-words"


class Machine:
    """PAM, the accounts and the links. `set`: whose passwords were set."""

    def __init__(self, tmp_path: Path) -> None:
        self.set: dict[str, str] = {}
        self.shadow = {name: "$y$right" for name in NUMBERS if name != "directory"} | {"locked": "!$y$right"}
        self.write()
        self.answers = Answers(Policy(1000, 60000, new_password=8))

    def write(self) -> None:
        text = "".join(f"{name}:{password}:20000::::::\n" for name, password in self.shadow.items())
        Path(shadow.FILE).write_text(text)

    def refusal(self, _service: str, _name: str, password: str) -> Refusal | None:
        return None if password == "right" else Refusal("Authentication failure")

    def set_new(self, _service: str, name: str, new: str) -> str:
        self.set[name] = new
        self.shadow[name] = f"$y${new}"
        self.write()
        return ""

    def link(self, name: str = "grace", days: float = 7) -> str:
        """As root makes it."""
        entry = self.answers._entry(name)
        token = links.generate()
        fingerprint = entry.fingerprint if entry else ""
        made = Link(name, NUMBERS[name], fingerprint, int(time.time() + days * links.DAY))
        links.keep(Path(layout.LINKS), token, made)
        return token

    def first(self, token: str, new: str = NEW) -> dict[str, object]:
        said: dict[str, object] = self.answers.to(First(token, new))
        return said

    def whose(self, token: str) -> dict[str, object]:
        said: dict[str, object] = self.answers.to(Whose(token))
        return said

    def reset(self, person: str, name: str = "prof", password: str = RIGHT) -> dict[str, object]:
        said: dict[str, object] = self.answers.to(Reset(name, password, person))
        return said


def entry(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        pw_name=name, pw_uid=NUMBERS[name], pw_gid=NUMBERS[name], pw_dir=f"/home/{name}", pw_gecos="", pw_shell=""
    )


@pytest.fixture
def machine(tmp_path, monkeypatch):
    numbers = {"course": 3000, "sudo": 27} | NUMBERS
    names = {gid: name for name, gid in numbers.items()}
    members = {"course": COURSE, "sudo": ["sue"]}

    def groups_of(name: str, gid: int) -> list[int]:
        return [gid, *(numbers[group] for group, people in members.items() if name in people)]

    monkeypatch.setattr(pwd, "getpwnam", entry)
    monkeypatch.setattr(os, "getgrouplist", groups_of)
    monkeypatch.setattr(grp, "getgrnam", lambda name: SimpleNamespace(gr_gid=numbers[name], gr_name=name))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: SimpleNamespace(gr_name=names[gid]))
    monkeypatch.setattr(rights, "memberships", Memberships())
    monkeypatch.setattr(strong, "SUDOERS", tmp_path / "sudoers")
    monkeypatch.setattr(strong, "SUDOERS_FOLDER", tmp_path / "sudoers.d")
    (tmp_path / "sudoers").write_text("# grace is nobody here\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n")
    for name in ("LINKS", "ACCOUNTS_KEY", "HUB_SETTINGS"):
        monkeypatch.setattr(layout, name, str(tmp_path / name))
    (tmp_path / "LINKS").mkdir()
    (tmp_path / "ACCOUNTS_KEY").write_text("0" * 64)
    admins = {"admins": ("ada", "admin2"), "admin_access": True}
    settings = everyone(**admins, banned=(), teachers={"course": ["prof", "assistant"]})
    (tmp_path / "HUB_SETTINGS").write_text(json.dumps(settings.as_dict()))
    monkeypatch.setattr(shadow, "FILE", str(tmp_path / "shadow"))
    made = Machine(tmp_path)
    monkeypatch.setattr(pam, "refusal", made.refusal)
    monkeypatch.setattr(pam, "set_new", made.set_new)
    return made


def test_a_link_sets_a_password_once(machine):
    token = machine.link()
    assert machine.whose(token) == machine.whose(token) == {"answer": "link", "name": "grace"}, "a look uses up nothing"
    assert machine.first(token) == {"answer": "set", "name": "grace"}
    assert machine.set == {"grace": NEW}
    assert machine.first(token, "four-other-words") == machine.whose(token) == {"answer": "no link"}
    assert machine.set == {"grace": NEW}
    assert os.listdir(layout.LINKS) == []


def test_an_account_that_never_had_a_password_gets_its_first(machine):
    machine.shadow["grace"] = "!"
    machine.write()
    assert machine.first(machine.link())["answer"] == "set"


def test_what_is_kept_is_a_hash_that_only_root_reads(machine):
    token = machine.link()
    [path] = Path(layout.LINKS).iterdir()
    assert token not in path.name + path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) == 28
    assert token not in repr([First(token, NEW), Whose(token), Reset("prof", token, "grace")])


@pytest.mark.parametrize(
    "why", ["used elsewhere", "newer", "late", "locked", "number", "helper", "sudo", "rule", "gone"]
)
def test_when_a_link_ends(machine, why, monkeypatch, tmp_path):
    token = machine.link(days=0 if why == "late" else 7)
    match why:
        case "used elsewhere":
            machine.set_new("", "grace", "set-by-root")
        case "newer":
            assert machine.whose(machine.link())["answer"] == "link"
        case "locked":
            machine.shadow["grace"] = "!$y$right"
            machine.write()
        case "number":
            monkeypatch.setitem(NUMBERS, "grace", 1099)
        case "helper":
            machine.answers = Answers(Policy(1000, 60000, Making("/bin/sh", ())))
        case "sudo":
            (tmp_path / "sudoers").write_text("%course ALL=(ALL) ALL\n")
        case "rule":
            (tmp_path / "sudoers.d").mkdir()
            (tmp_path / "sudoers.d" / "90-local").write_text("ada, grace ALL=(ALL) NOPASSWD: ALL\n")
        case "gone":
            links.forget(Path(layout.LINKS), "grace")
    machine.set.clear()
    assert machine.whose(token) == machine.first(token) == {"answer": "no link"}
    assert machine.set == {}


def test_a_link_of_root_for_who_can_become_root_sets_nothing(machine):
    """Whatever was written: the program that made it may have been an older one."""
    for name in ("sue", "root", layout.PROBE_USER):
        assert machine.first(machine.link(name)) == {"answer": "no link"}
    assert machine.first(machine.link("ada"))["answer"] == "set", "an administrator of the hub alone"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("short", "needs 8"),
        ("", "empty"),
        ("Password123", "most common"),
        ("grace", "5 characters"),
        ("x" * 600, "long"),
    ],
)
def test_a_password_that_is_refused_leaves_the_link_as_it_is(machine, new, words):
    token = machine.link()
    said = machine.first(token, new)
    assert said["answer"] == "refused"
    assert words in str(said["words"])
    assert machine.first(token)["answer"] == "set"


def test_what_the_machines_own_rules_refuse_is_said(machine, monkeypatch):
    monkeypatch.setattr(pam, "set_new", lambda *_: "This machine does not take the new password: BAD PASSWORD.")
    token = machine.link()
    assert "BAD PASSWORD" in str(machine.first(token)["words"])
    assert machine.whose(token)["answer"] == "link"


@pytest.mark.parametrize("token", ["x", "../../etc/passwd", "a" * 64, "é", ".", "a/b"])
def test_made_up_links_are_none(machine, token):
    machine.link()
    assert machine.whose(token) == machine.first(token) == {"answer": "no link"}


def test_made_up_links_are_looked_up_at_a_limited_speed(machine):
    said = [machine.whose(f"guess{number}")["answer"] for number in range(by_link.WRONG_AT_ONCE + 50)]
    assert said.count("wait") >= 40
    assert said[: by_link.WRONG_AT_ONCE].count("no link") == by_link.WRONG_AT_ONCE


@pytest.mark.parametrize(
    "asked",
    [
        {"ask": "first", "token": "a" * 65, "new": NEW}, {"ask": "first", "token": "", "new": NEW},
        {"ask": "first", "token": "a", "new": "x" * 5000}, {"ask": "first", "token": "a"},
        {"ask": "whose", "token": "a", "name": "grace"}, {"ask": "whose", "token": ["a"]}, {"ask": ["whose"]},
        {"ask": "reset", "name": "prof", "password": "right"},
        {"ask": "reset", "name": "a", "password": "", "person": ""},
        {"ask": "first", "token": "a\0", "new": NEW},
    ],
)  # fmt: skip
def test_what_is_no_question(asked):
    with pytest.raises(MalformedError):
        parsed(json.dumps(asked).encode())


def test_a_teacher_makes_a_link_for_a_member_of_the_group(machine):
    said = machine.reset("grace")
    assert said["answer"] == "made"
    assert 0 < int(str(said["until"])) - time.time() <= by_link.LASTS
    assert machine.first(str(said["token"])) == {"answer": "set", "name": "grace"}


@pytest.mark.parametrize(
    ("name", "password", "person", "words"),
    [
        ("prof", "wrong", "grace", ""),
        ("prof", "right", "linus", "members of your groups only"),
        ("prof", "right", "nobody-here", "members of your groups only"),
        ("prof", "right", "root", "members of your groups only"),
        ("prof", "right", "prof", "members of your groups only"),
        ("prof", "right", "assistant", "a teacher, too"),
        ("prof", "right", "admin2", "an administrator"),
        ("prof", "right", "sue", "can administer this machine"),
        ("prof", "right", "directory", "comes from a directory"),
        ("prof", "right", "locked", "is locked"),
        ("grace", "right", "linus", "members of your groups only"),
        ("ada", "right", "admin2", "an administrator"),
        ("ada", "right", "ada", "your own password"),
        ("ada", "right", "root", "no account root of a person"),
        ("ada", "right", layout.PROBE_USER, "no account"),
        ("ada", "right", "sue", "can administer this machine"),
    ],
)
def test_who_gets_no_link_by_the_page(machine, name, password, person, words):
    said = machine.reset(person, name, password)
    assert said["answer"] == "refused"
    assert words in str(said["words"])
    assert bool(said["words"]) == bool(words)
    assert os.listdir(layout.LINKS) == []


@pytest.mark.parametrize("person", ["linus", "grace", "prof"])
def test_an_administrator_of_the_hub_makes_links_for_people_and_teachers(machine, person):
    assert machine.first(str(machine.reset(person, "ada")["token"])) == {"answer": "set", "name": person}


def test_an_administrator_who_may_not_open_servers_makes_none(machine):
    """A new password would open them."""
    settings = everyone(admins=("ada", "prof"), banned=(), teachers={"course": ["prof"]})
    Path(layout.HUB_SETTINGS).write_text(json.dumps(settings.as_dict()))
    assert machine.reset("grace", "ada")["answer"] == "refused"
    assert machine.reset("linus", "prof")["answer"] == "refused"
    assert machine.reset("grace", "prof")["answer"] == "made", "as a teacher"


def test_who_is_banned_or_no_teacher_any_more_makes_none(machine):
    settings = everyone(admins=(), banned=("prof",), teachers={"course": ["prof", "assistant"]})
    Path(layout.HUB_SETTINGS).write_text(json.dumps(settings.as_dict()))
    assert "members of your groups" in str(machine.reset("grace")["words"])
    assert machine.reset("grace", "assistant")["answer"] == "made"
    Path(layout.HUB_SETTINGS).write_text(json.dumps(replace(settings, teachers={}).as_dict()))
    assert machine.reset("grace", "assistant")["answer"] == "refused"


def test_guesses_at_a_teachers_password_count_as_those_of_the_login(machine):
    said = [machine.reset("grace", password=f"guess {number}")["answer"] for number in range(120)]
    assert (said.count("refused"), said.count("wait")) == (100, 20)
    assert machine.reset("grace")["answer"] == "wait"
