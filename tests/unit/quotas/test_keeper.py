"""Which home gets which limit, and that nobody who changes a home meanwhile leads root elsewhere. The kernel is played
by a table here; what the real one makes of it is tested on a machine of its own (test_own_kernel).
"""

import itertools
import json
import os
import pwd
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hubinstall import layout
from hubinstall.hubside import home_use
from hubinstall.quotas import homes, kernel
from hubinstall.quotas.keeper import Keeper, Owner
from hubinstall.quotas.policy import Policy, most_files, people

GB = 1 << 30
UID = os.getuid() or 12345


@dataclass
class Table:
    """Inode → project and whether it is inherited; project → limit and number of files."""

    projects: dict[int, tuple[int, bool]] = field(default_factory=dict)
    limits: dict[int, tuple[int, int]] = field(default_factory=dict)
    sets: int = 0
    used: int = 0

    def project(self, file: int) -> tuple[int, bool]:
        return self.projects.get(os.fstat(file).st_ino, (0, False))

    def give(self, file: int, number: int, *, inherited: bool) -> None:
        self.projects[os.fstat(file).st_ino] = (number, inherited)

    def usage(self, file: int, project: int) -> kernel.Usage:
        size, files = self.limits.get(project, (0, 0))
        return kernel.Usage(self.used, size, 0, files)

    def limit(self, file: int, project: int, size: int, files: int) -> None:
        self.sets += 1
        self.limits[project] = (size, files)

    def of(self, path: Path) -> tuple[int, bool]:
        return self.projects.get(path.stat(follow_symlinks=False).st_ino, (0, False))


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Table:
    table = Table()
    monkeypatch.setattr(layout, "HOME_USE", str(tmp_path / "home-use.json"))
    for name in ("project", "give", "usage", "limit"):
        monkeypatch.setattr(kernel, name, getattr(table, name))
    return table


def keeper(folder: Path, monkeypatch: pytest.MonkeyPatch, *owners: Owner) -> Keeper:
    monkeypatch.setattr("hubinstall.quotas.keeper.owners", lambda *_: iter(owners))
    return Keeper(Policy(1000, 60000), str(folder), folder.parent / "gathered.json")


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    """A home with something in it."""
    home = tmp_path / "home/alice"
    (home / "data/old").mkdir(parents=True)
    (home / "data/old/run").write_text("x")
    for path in (home, *home.rglob("*")):
        os.chown(path, UID, -1)
    return home


@pytest.mark.parametrize(
    ("name", "groups", "limit"),
    [
        ("eve", [], 10),
        ("eve", ["unnamed"], 10),
        ("eve", ["small"], 5),
        ("eve", ["small", "large"], 50),
        ("alice", ["small", "large"], 2),
    ],
)
def test_a_line_of_ones_own_then_the_most_generous_group_then_everyones(
    name: str, groups: list[str], limit: int
) -> None:
    policy = Policy(1000, 60000, 10, {"small": 5, "large": 50}, {"alice": 2})
    assert policy.limit(name, groups) == limit
    assert Policy(1000, 60000, None, {"large": 50}).limit("eve", groups) == (50 if "large" in groups else None)


def test_the_service_reads_what_apply_has_written(tmp_path: Path) -> None:
    policy = Policy(1000, 60000, 10 * GB, {"large": 50 * GB}, {"alice": 2 * GB})
    (tmp_path / "quotas.json").write_text(policy.text())
    assert Policy.read(str(tmp_path / "quotas.json")) == policy


def test_files_are_limited_with_the_bytes() -> None:
    assert most_files(0) == 0
    assert most_files(10 << 20) == 10_000
    assert most_files(10 * GB) == 655_360


def test_system_accounts_have_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(name: str, uid: int) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", uid, uid, "", f"/home/{name}", "/bin/sh"))

    accounts = (("root", 0), ("alice", 1000), ("alias", 1000), ("nobody", 65534))
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry(*one) for one in accounts])
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: {2000: entry("of-a-directory", 2000)}[uid])
    found = people(Policy(1000, 1 << 31, 7), [0, 2000, 3000], lambda _: [])
    assert [(person.pw_name, limit) for person, limit in found] == [("alice", 7), ("of-a-directory", 7)]


def test_all_in_a_home_counts_and_a_second_look_changes_nothing(
    alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()
    assert table.of(alice) == (UID, True), "at once: what is new counts"
    assert table.limits == {UID: (2 * GB, 131_072)}
    assert table.of(alice / "data") == (0, False)
    kept.gather(time.monotonic() + 60)
    assert table.of(alice / "data/old") == (UID, True)
    assert table.of(alice / "data/old/run") == (UID, False)
    assert json.loads((alice.parent.parent / "gathered.json").read_text()) == {str(alice): [alice.stat().st_ino, UID]}
    again = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    again.look()
    assert (again.todo, table.sets) == ({}, 1)


def test_the_hub_is_told_what_homes_hold(alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home_use.told() == {}
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    table.used = 3
    kept.look()
    assert home_use.told() == {"alice": (3, 2 * GB)}
    assert Path(layout.HOME_USE).stat().st_mode & 0o777 == 0o640
    table.used = GB
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()
    assert home_use.told() == {"alice": (GB, 2 * GB)}
    Path(layout.HOME_USE).write_text('{"alice": [1]}')
    assert home_use.told() == {}
    kept.undo()
    assert not Path(layout.HOME_USE).exists()
    monkeypatch.setattr(layout, "HOME_USE", "/nonexistent/use.json")
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()


def test_a_large_home_is_looked_through_in_parts(alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()
    clock = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    looks = 0
    while kept.todo:
        kept.gather(next(clock) + 2)
        looks += 1
    assert looks > 1
    assert table.of(alice / "data/old/run") == (UID, False)


def test_no_file_stays_open(alice: Path, table: Table) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with homes.opened(str(alice.parent), str(alice), UID) as home:
        walk = homes.gather(os.dup(home), UID)
        next(walk)
        walk.close()
        list(homes.gather(os.dup(home), UID))
    with pytest.raises(homes.SkippedError), homes.opened(str(alice.parent), str(alice / "nothing"), UID):
        pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_limit_that_ends_leaves_no_mark(alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()
    kept.gather(time.monotonic() + 60)
    kept.undo()
    assert {project for project, _ in table.projects.values()} == {0}
    assert table.limits == {UID: (0, 0)}
    assert not (alice.parent.parent / "gathered.json").exists()


def test_links_and_fifos_lead_nowhere(
    alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("x")
    (alice / "link").symlink_to(tmp_path / "elsewhere")
    (alice / "file").symlink_to(tmp_path / "elsewhere/file")
    os.mkfifo(alice / "fifo")
    kept = keeper(alice.parent, monkeypatch, Owner("alice", UID, str(alice), 2 * GB))
    kept.look()
    kept.gather(time.monotonic() + 60)
    assert kept.todo == {}
    assert table.of(alice / "data/old/run") == (UID, False)
    assert table.of(tmp_path / "elsewhere/file") == table.of(tmp_path / "elsewhere") == (0, False)


def test_a_name_that_becomes_a_link_meanwhile_ends_the_look(alice: Path, table: Table, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with homes.opened(str(alice.parent), str(alice), UID) as home:
        walk = homes.gather(os.dup(home), UID)  # it has read the names once it is at the first
        (alice / "data").rename(tmp_path / "data")
        os.symlink(tmp_path / "elsewhere", alice / "data")
        list(walk)
    assert table.of(tmp_path / "elsewhere") == (0, False)


@pytest.mark.parametrize("what", ["elsewhere", "a link", "gone", "another's", "another project"])
def test_what_is_no_home_of_its_own_is_skipped_and_named(
    what: str, alice: Path, table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, uid = str(alice), UID
    if what == "elsewhere":
        home = str(alice.parent.parent)
    elif what == "a link":
        (alice.parent / "eve").symlink_to(alice)
        home = str(alice.parent / "eve")
    elif what == "gone":
        home = str(alice.parent / "gone")
    elif what == "another's":
        uid = UID + 1
    else:
        table.projects[alice.stat().st_ino] = (77, True)
    kept = keeper(alice.parent, monkeypatch, Owner("eve", uid, home, GB))
    kept.look()
    kept.look()
    said = capsys.readouterr().err
    assert said.count("no quota for eve: ") == 1, "once"
    assert home in said
    assert table.limits == {}
