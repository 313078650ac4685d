"""Accounts that the helper makes: for whom, of which kind, what it refuses, and what the call after a kill does."""

import grp
import itertools
import os
import pwd
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubinstall import layout
from hubinstall.accounts_helper import making, new_homes, shadow, tools
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.making import MARK, Maker, Places
from hubinstall.accounts_helper.policy import Making, Policy
from hubinstall.accounts_helper.questions import Gone, States, Wanted
from hubinstall.hubside.new_accounts import account_name

NOLOGIN = "/usr/sbin/nologin"
POLICY = Policy(1000, 200_000, Making(NOLOGIN, (layout.PEOPLE_GROUP, layout.NO_LOGIN_GROUP), known=("ada",)))


NO_NAMES = (
    "root", "../../etc/passwd", "alice;id", "ALICE", "alice\n", "m" * 33, "m" * 5000, "", " ", "-rf", "l\xe4", "_apt",
    "docker", layout.HUB_USER, layout.PROBE_USER,
)  # fmt: skip


class KilledError(BaseException):
    """The helper ends here."""


class Computer:
    """Its accounts and groups, and useradd and userdel on them, in the order in which they write their files."""

    def __init__(self, folder: Path) -> None:
        self.homes, self.skel = folder / "home", folder / "skel"
        self.users = {"root": (0, 0, "", "/root"), "ada": (1000, 1000, "", "/home/ada"), "bob": (1001, 1001, "", "/b")}
        self.groups = {name: (gid, []) for name, gid in
                       (("root", 0), ("ada", 1000), ("bob", 1001), (layout.PEOPLE_GROUP, 990),
                        (layout.NO_LOGIN_GROUP, 989), ("course-101", 1002))}  # fmt: skip
        self.commands: list[tuple[str, ...]] = []
        self.dies_after = ""
        self.fails = False
        self.homes.mkdir()
        (self.skel / ".config").mkdir(parents=True)
        (self.skel / ".bashrc").write_text("# from skel\n")
        (self.skel / "course").symlink_to("/srv/data/course")
        self.maker = Maker(POLICY, Places(str(self.homes), str(self.skel)))

    def entry(self, name: str) -> SimpleNamespace:
        uid, gid, comment, home = self.users[name]
        return SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=gid, pw_gecos=comment, pw_dir=home)

    def group(self, name: str) -> SimpleNamespace:
        gid, members = self.groups[name]
        return SimpleNamespace(gr_name=name, gr_gid=gid, gr_mem=list(members))

    def by_number(self, uid: int) -> SimpleNamespace:
        return self.entry(next((name for name in self.users if self.users[name][0] == uid), ""))

    def run(self, *argv: str) -> None:
        self.commands.append(argv)
        getattr(self, argv[0])(dict(itertools.pairwise(argv)), argv[-1])

    def useradd(self, given: dict[str, str], name: str) -> None:
        assert name not in self.users
        assert name not in self.groups
        self.die("before")
        uid = int(given["--uid"])
        self.users[name] = (uid, uid, given["--comment"], given["--home-dir"])
        if self.fails:
            raise tools.ToolError(["useradd"], 1, "no space left on device")
        self.die("passwd")
        self.groups[name] = (uid, [])
        for group in given["--groups"].split(","):
            self.groups[group][1].append(name)
        self.die("group")

    def usermod(self, given: dict[str, str], name: str) -> None:
        lines = [line.split(":") for line in Path(shadow.FILE).read_text().splitlines()]
        for line in lines:
            line[7] = given["--expiredate"] if line[0] == name else line[7]
        Path(shadow.FILE).write_text("".join(f"{':'.join(line)}\n" for line in lines))

    def userdel(self, _given: dict[str, str], name: str) -> None:
        del self.users[name]

    def groupdel(self, _given: dict[str, str], name: str) -> None:
        del self.groups[name]

    def die(self, step: str) -> None:
        if self.dies_after == step:
            raise KilledError(step)

    def ask(self, name: str) -> dict[str, object]:
        """As the hub does for somebody whom the sign-on calls so."""
        found: dict[str, object] = self.maker.answer(account_name(name), name)
        return found


@pytest.fixture
def computer(tmp_path, monkeypatch):
    made = Computer(tmp_path)
    monkeypatch.setattr(pwd, "getpwnam", made.entry)
    monkeypatch.setattr(pwd, "getpwuid", made.by_number)
    monkeypatch.setattr(pwd, "getpwall", lambda: [made.entry(name) for name in made.users])
    monkeypatch.setattr(grp, "getgrnam", made.group)
    monkeypatch.setattr(grp, "getgrall", lambda: [made.group(name) for name in made.groups])
    monkeypatch.setattr(tools, "run", made.run)
    monkeypatch.setattr(new_homes, "owners", lambda _homes: {0, 1007})
    monkeypatch.setattr(layout, "PEOPLE_MADE", str(tmp_path / "made.json"))
    made.given = []
    monkeypatch.setattr(os, "lchown", lambda path, uid, gid: made.given.append((Path(path).name, uid, gid)))
    return made


def test_an_account_is_made_once_and_answered_from_then_on(computer):
    said = computer.ask("max.muster")
    assert said == {"answer": "account"}
    [useradd] = computer.commands
    given = dict(itertools.pairwise(useradd))
    assert given["--shell"] == NOLOGIN
    assert given["--groups"] == f"{layout.PEOPLE_GROUP},{layout.NO_LOGIN_GROUP}"
    assert given["--uid"] == "1008", "1007 has a home from before"
    home = computer.homes / "max.muster"
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / ".bashrc").read_text() == "# from skel\n"
    assert (home / "course").readlink() == Path("/srv/data/course")
    assert {name for name, *_ in computer.given} == {".bashrc", ".config", "course", "max.muster.1008"}
    assert {(uid, gid) for _, uid, gid in computer.given} == {(1008, 1008)}
    assert computer.ask("max.muster") == said
    assert len(computer.commands) == 1
    assert sorted(p.name for p in computer.homes.iterdir()) == ["max.muster"]


def test_administrators_see_whose_account_it_is(computer):
    wanted = "Max Mu\u200bster:0,x@uni.example"
    computer.ask(wanted)
    assert computer.users[account_name(wanted)][2] == f"Max Mu?ster?0?x@uni.example {MARK}"
    computer.maker.answer("emmy")
    assert computer.users["emmy"][2] == MARK


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bob", "This machine has an account bob of its own"),
        ("course-101", "This machine has a group course-101 of its own"),
        ("carl", "A home directory .*/home/carl is left from an account"),
        *((name, "No account is called so") for name in NO_NAMES),
    ],
)
def test_what_is_refused_in_words_and_changes_nothing(computer, name, words, capsys):
    (computer.homes / "carl").mkdir()
    before = dict(computer.users)
    said = computer.maker.answer(name)
    assert said["answer"] == "refused"
    assert re.search(words, str(said["words"]))
    assert (computer.users, computer.commands) == (before, [])
    assert not (computer.homes / layout.NEW_HOMES).exists()
    assert "usermod -aG hubinstall-people bob" in capsys.readouterr().err or name != "bob"


@pytest.mark.parametrize(
    "name", ["root", "../../etc/passwd", "alice;id", "ALICE", layout.PROBE_USER, "李小龙", "docker"]
)
def test_strange_names_get_accounts_of_their_own(computer, name):
    assert computer.ask(name) == {"answer": "account"}
    made = account_name(name)
    assert made != name
    assert computer.users[made][0] >= 1008
    assert [path.name for path in computer.homes.iterdir()] == [made]


def test_who_is_named_in_config_yaml_and_whom_an_administrator_lets_in_have_their_own_accounts(computer):
    assert computer.ask("ada") == {"answer": "account"}
    computer.groups[layout.PEOPLE_GROUP][1].append("bob")
    assert computer.ask("bob") == {"answer": "account"}
    computer.users |= {"by-hand": (1003, 1003, "", "/h"), "again": (1004, 1004, "", "/a")}
    Path(layout.PEOPLE_MADE).write_text('{"by-hand": 1003, "again": 1005}')
    assert computer.ask("by-hand") == {"answer": "account"}, "hubinstall user has made it"
    assert computer.ask("again")["answer"] == "refused", "and another one of this name"
    computer.users["eve"] = (0, 0, "", "/root")
    computer.groups[layout.PEOPLE_GROUP][1].append("eve")
    assert computer.ask("eve")["answer"] == "refused", "root by another name"
    assert computer.commands == []


def test_nothing_is_made_where_the_sign_on_needs_none(computer):
    maker = Maker(Policy(1000, 60000), Places(str(computer.homes), str(computer.skel)))
    for name in ("max", "ada", "bob"):
        assert maker.answer(name)["answer"] == "refused"
    assert computer.commands == []


@pytest.mark.parametrize("step", ["before", "passwd", "group"])
def test_a_call_after_a_kill_makes_it_whole(computer, step):
    computer.dies_after = step
    with pytest.raises(KilledError):
        computer.ask("max")
    assert not (computer.homes / "max").exists()
    computer.dies_after = ""
    assert computer.ask("emmy")["answer"] == "account", "others clear up as well"
    assert ("max" in computer.users) == (step == "group")
    assert computer.ask("max") == {"answer": "account"}
    assert "max" in computer.groups[layout.PEOPLE_GROUP][1]
    assert (computer.homes / "max/.bashrc").exists()
    assert sorted(path.name for path in computer.homes.iterdir()) == ["emmy", "max"]


def test_a_kill_before_the_home_is_in_its_place(computer, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KilledError))
        with pytest.raises(KilledError):
            computer.ask("max")
    assert computer.ask("max")["answer"] == "account"
    assert [path.name for path in computer.homes.iterdir()] == ["max"]


def test_a_disk_that_is_full_leaves_no_half_account(computer):
    computer.fails = True
    said = computer.ask("max")
    assert "could not be made" in str(said["words"])
    assert "max" not in computer.users
    computer.fails = False
    assert computer.ask("max")["answer"] == "account"


def test_an_account_of_somebody_elses_is_never_removed_for_what_lies_in_the_folder(computer):
    (computer.homes / layout.NEW_HOMES / "bob.1001").mkdir(parents=True)
    assert computer.ask("max")["answer"] == "account"
    assert "bob" in computer.users


def test_a_home_that_was_taken_away_is_made_again(computer):
    computer.ask("max")
    (computer.homes / "max").rename(computer.homes / "old")
    assert computer.ask("max")["answer"] == "account"
    assert (computer.homes / "max/.bashrc").exists()
    assert computer.given[-1] == ("max.1008", 1008, 1008)


def test_thirty_at_once_are_thirty_accounts(computer):
    names = [f"s{number}" for number in range(30)]
    threads = [threading.Thread(target=computer.ask, args=(name,)) for name in [*names, *names]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in computer.homes.iterdir()) == sorted(names)
    assert len({computer.users[name][0] for name in names}) == 30
    assert len(computer.commands) == 30


def test_the_number_made_is_bounded(computer, monkeypatch):
    said = [computer.ask(f"s{number}")["answer"] for number in range(making.AT_ONCE + 5)]
    assert said.count("account") == making.AT_ONCE
    assert computer.ask("s400")["answer"] == "wait"
    assert computer.ask("s1")["answer"] == "account", "who has one gets in"
    monkeypatch.setattr(making, "MOST", 100)
    computer.maker = Maker(POLICY, computer.maker._places)
    assert "too many accounts" in str(computer.ask("s400")["words"])


def test_a_locked_account_is_not_given_out(computer, tmp_path, monkeypatch):
    monkeypatch.setattr(shadow, "FILE", str(tmp_path / "shadow"))
    monkeypatch.setattr(layout, "ACCOUNTS_KEY", str(tmp_path / "key"))
    (tmp_path / "key").write_text("0" * 64)
    (tmp_path / "shadow").write_text("max:!:20000:0:99999:7:::\nemmy:!:20000:0:99999:7::1:\n")
    answers = Answers(POLICY)
    answers._maker = computer.maker
    assert answers.to(Wanted("max", "")) == {"answer": "account"}
    assert "emmy has expired" in answers.to(Wanted("emmy", ""))["words"]


def test_who_is_gone_is_locked_until_they_sign_on_again(computer, tmp_path, monkeypatch):
    """And what an administrator has locked stays locked, by whatever day."""
    monkeypatch.setattr(shadow, "FILE", str(tmp_path / "shadow"))
    monkeypatch.setattr(layout, "ACCOUNTS_KEY", str(tmp_path / "key"))
    (tmp_path / "key").write_text("0" * 64)
    days = {"max": "", "emmy": "1", "lise": "90000", "by-hand": "", "bob": ""}
    (tmp_path / "shadow").write_text("".join(f"{name}:!:20000:0:99999:7::{day}:\n" for name, day in days.items()))
    answers = Answers(POLICY)
    answers._maker = computer.maker
    for name in ("max", "emmy", "lise"):
        computer.maker.answer(name)
    computer.users["by-hand"] = (1003, 1003, "", "/h")
    computer.groups[layout.PEOPLE_GROUP][1].append("by-hand")

    def day(name: str) -> str:
        return next(row for row in Path(shadow.FILE).read_text().splitlines() if row.startswith(name)).split(":")[7]

    said = {name: answers.to(Gone(name))["answer"] for name in [*days, "root", "ghost"]}
    assert said == dict.fromkeys(said, "kept") | {"max": "locked"}
    assert {name: day(name) for name in days} == days | {"max": "2"}
    assert answers.to(Gone("max")) == {"answer": "locked"}, "also the second time"
    assert "no longer knows its person" in answers.to(States(("max",)))["states"]["max"]["ended"]
    assert answers.to(Wanted("max", "")) == {"answer": "account"}
    assert day("max") == ""
    assert answers.to(States(("max",)))["states"]["max"]["ended"] == ""
    assert "emmy has expired" in answers.to(Wanted("emmy", ""))["words"]
    assert Answers(Policy(1000, 60000)).to(Gone("max")) == {"answer": "kept"}, "where the hub makes none"


def test_numbers_that_are_reserved_or_a_directorys_are_not_given_out(computer):
    computer.users["far"] = (150_000, 150_000, "", "/far")
    computer.ask("max")
    assert computer.users["max"][0] == 1008
    computer.users["last"] = (making.LAST_UID, 1, "", "/last")
    computer.ask("emmy")
    assert computer.users["emmy"][0] == 1003, "the first that is free"
    computer.maker = Maker(Policy(60_000, 60_513, POLICY.making), computer.maker._places)
    assert "no number left" in str(computer.ask("otto")["words"])


def test_the_policy_says_whether_any_are_made():
    assert Policy.parse('{"uid_min": 1, "uid_max": 2}').making is None
    text = '{"uid_min": 1, "uid_max": 2, "making": {"shell": "/s", "groups": ["g"], "known": []}}'
    assert Policy.parse(text).making == Making("/s", ("g",))
    with pytest.raises(ValueError, match="unknown keys: more"):
        Policy.parse(text.replace('"known"', '"more": 1, "known"'))
