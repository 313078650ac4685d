"""A person's own new password: what the helper asks for before it sets one, and what it refuses."""

import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubinstall import layout
from hubinstall.accounts_helper import allowance, new_passwords, pam, shadow
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.policy import Making, Policy
from hubinstall.accounts_helper.questions import Change, States
from hubinstall.hubside.helper import Refusal

NUMBERS = {"root": 0, "daemon": 1, layout.PROBE_USER: 998, layout.HUB_USER: 2000, "grace": 1000, "linus": 1001}
RIGHT, NEW = "right", "three-new-words"


class Machine:
    """PAM and the accounts; linus has no line in /etc/shadow. `set`: whose passwords were set."""

    def __init__(self, tmp_path: Path) -> None:
        self.set: list[tuple[str, str, str]] = []
        self.refuses = ""
        self.answers = Answers(Policy(1000, 60000, new_password=8))
        Path(shadow.FILE).write_text("grace:$y$right:20000::::::\nroot:$y$right:20000::::::\n")

    def refusal(self, _service: str, name: str, password: str) -> Refusal | None:
        if password == "right but old":
            return Refusal("old", "Your password is right, but it must be changed first.")
        return None if password == "right" else Refusal("Authentication failure")

    def change(self, _service: str, name: str, password: str, new: str) -> str:
        if not self.refuses:
            self.set.append((name, password, new))
            Path(shadow.FILE).write_text(f"{name}:$y${new}:20001::::::\n")
        return self.refuses

    def ask(self, name: str = "grace", password: str = RIGHT, new: str = NEW) -> dict[str, object]:
        said: dict[str, object] = self.answers.to(Change(name, password, new))
        return said


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(shadow, "FILE", str(tmp_path / "shadow"))
    monkeypatch.setattr(layout, "ACCOUNTS_KEY", str(tmp_path / "key"))
    (tmp_path / "key").write_text("0" * 64)
    made = Machine(tmp_path)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_name=name, pw_uid=NUMBERS[name]))
    monkeypatch.setattr(pam, "refusal", made.refusal)
    monkeypatch.setattr(pam, "change", made.change)
    return made


def test_the_owner_changes_it_and_the_hub_is_told_as_what_it_is_known_from_then_on(machine):
    before = machine.answers.to(States(("grace",)))["states"]["grace"]["fingerprint"]
    said = machine.ask()
    assert machine.set == [("grace", "right", NEW)]
    assert said["answer"] == "changed"
    assert said["fingerprint"] == machine.answers.to(States(("grace",)))["states"]["grace"]["fingerprint"] != before


@pytest.mark.parametrize("name", ["root", "daemon", "nobody-here", layout.PROBE_USER, layout.HUB_USER, "gr\nace"])
def test_nobody_elses_is_changed(machine, name):
    assert machine.ask(name) == {"answer": "no person"}
    assert machine.set == []


@pytest.mark.parametrize(
    ("password", "new", "words"),
    [
        ("wrong", NEW, ""),
        ("", NEW, ""),
        ("right but old", NEW, "must be changed first"),
        ("right", "short", "has 5 characters, and needs 8"),
        ("right", "", "is empty or contains control characters"),
        ("right", "grace", "has 5 characters"),
        ("right", "tab\tand-more", "control characters"),
        ("right", "Password123", "one of the most common"),
        ("right", "x" * 600, "too long"),
    ],
)
def test_what_is_refused(machine, password, new, words):
    said = machine.ask(password=password, new=new)
    assert (said["answer"], machine.set) == ("refused", [])
    assert words in str(said["words"])
    assert bool(said["words"]) == bool(words), "who does not know the password is told nothing"


@pytest.mark.parametrize(("new", "words"), [("longenough", "the same as"), ("Augusta-Ada", "the name of the account")])
def test_the_old_one_and_the_name_are_no_new_ones(new, words):
    assert words in new_passwords.refusal("augusta-ada", "longenough", new, 8)
    assert new_passwords.refusal("ada", "another one", new, 8) == ""


def test_a_directorys_account_is_sent_there_once_the_password_was_right(machine):
    assert machine.ask("linus", "wrong")["words"] == ""
    assert "comes from a directory" in str(machine.ask("linus")["words"])
    assert machine.set == []


def test_what_the_machines_own_rules_refuse_is_said(machine):
    machine.refuses = "This machine does not take the new password: BAD PASSWORD: it is based on a dictionary word."
    assert machine.ask()["words"] == machine.refuses


def test_guesses_count_as_those_of_the_login_do(machine):
    said = [machine.ask(password=f"guess {number}")["answer"] for number in range(allowance.AT_ONCE + 20)]
    assert (said.count("refused"), said.count("wait")) == (allowance.AT_ONCE, 20)
    assert machine.ask()["answer"] == "wait", "and no right one is tried meanwhile"


def test_where_people_have_no_passwords_of_this_machine_none_is_changed(machine):
    machine.answers = Answers(Policy(1000, 60000, Making("/bin/sh", ())))
    assert machine.ask() == {"answer": "no person"}
