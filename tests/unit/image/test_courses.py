"""What the buttons of a course do: files go between a home and the shares, and nothing else does."""

import csv
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from checkout_path import CHECKOUT

SOURCE = CHECKOUT / "templates/image/root/usr/lib/python3/dist-packages"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """hubinstall_courses, for emmy's home and shares below a folder of the test."""
    for name in ("hubinstall_handing", "hubinstall_courses"):
        spec = importlib.util.spec_from_file_location(name, SOURCE / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    for folder in ("home/week1", "stats", "stats-hand-in"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "home/week1/answer.txt").write_text("42")
    monkeypatch.setattr(module, "SHARES", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USER", "emmy")
    monkeypatch.chdir(tmp_path)
    return module


def press(module: ModuleType, verb: str, path: str = "") -> str:
    course = module.Course("stats", "Statistics", verb != "hand-in")
    said: str = module.done(course, verb, os.environ["HOME"], path)
    return said


def there(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if not path.is_dir())


def test_the_hub_says_which_courses_there_are_and_nothing_else_counts(module: ModuleType) -> None:
    told = [{"name": "stats", "title": "Statistics", "teaches": False}]
    assert list(module.courses(json.dumps(told)).values()) == [module.Course("stats", "Statistics", teaches=False)]
    for text in ("", "{", "[1]", '[{"name": "../x", "title": "", "teaches": true}]', '[{"name": "stats"}]'):
        assert module.courses(text) == {}


def test_what_is_handed_in_is_there_under_ones_name_and_the_time(module: ModuleType, monkeypatch) -> None:
    monkeypatch.setattr(module.handing.time, "strftime", lambda *_: "2026-11-30-101500")
    (Path("home/week1/.ipynb_checkpoints")).mkdir()
    (Path("home/week1/.ipynb_checkpoints/old.txt")).write_text("")
    said = press(module, "hand-in", "week1")
    assert said.startswith("You have handed in week1 to Statistics: 1 file, 2 bytes. It came at ")
    assert said.endswith("and is there as emmy/2026-11-30-101500.")
    press(module, "hand-in", "week1/answer.txt")
    assert there("stats-hand-in") == [
        "emmy/2026-11-30-101500-2/answer.txt",
        "emmy/2026-11-30-101500/week1/answer.txt",
    ]


def test_links_and_what_is_no_file_are_left_out_and_named(module: ModuleType) -> None:
    Path("secret").write_text("secret")
    Path("home/week1/link").symlink_to("/etc/shadow")
    Path("home/week1/folder").symlink_to("/etc")
    os.link("secret", "home/week1/hard")
    os.mkfifo("home/week1/pipe")
    said = press(module, "hand-in", "week1")
    assert [path.rpartition("/")[2] for path in there("stats-hand-in")] == ["answer.txt"]
    for left in ("week1/folder is a link", "week1/link is a link", "week1/hard has a second", "week1/pipe is not a"):
        assert left in said


@pytest.mark.parametrize("path", ["", "/", "..", "../../etc", "/etc/passwd", "stats-101", "week1/../.."])
def test_only_what_is_in_the_home_is_copied(module: ModuleType, path: str) -> None:
    Path("home/stats-101").symlink_to(Path("stats").absolute())
    for verb in ("hand-in", "hand-out"):
        with pytest.raises(module.handing.RefusedError):
            press(module, verb, path)
    assert there("stats-hand-in") == there("stats") == []


def test_nothing_to_hand_in_leaves_nothing(module: ModuleType, monkeypatch) -> None:
    Path("home/empty").mkdir()
    with pytest.raises(module.handing.RefusedError, match="no file in it"):
        press(module, "hand-in", "empty")
    monkeypatch.setattr(module.handing, "MOST_BYTES", 1)
    with pytest.raises(module.handing.RefusedError, match="hand in less"):
        press(module, "hand-in", "week1")
    assert list(Path("stats-hand-in").glob("*/*")) == []


def test_a_disk_that_is_full_leaves_nothing_unfinished(module: ModuleType, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.handing, "write", full)
    with pytest.raises(OSError, match="No space"):
        press(module, "hand-in", "week1")
    assert list(Path("stats-hand-in").glob("*/*")) == []


def test_who_has_taken_anothers_name_is_only_in_the_way(module: ModuleType) -> None:
    Path("stats-hand-in/emmy").write_text("mine")
    Path("stats-hand-in/emmy-2").symlink_to("/tmp")
    assert "emmy-3/" in press(module, "hand-in", "week1")


def test_material_is_replaced_and_no_link_in_it_followed(module: ModuleType) -> None:
    assert "week1 is in the material of Statistics: 1 file." in press(module, "hand-out", "week1")
    Path("stats/week1/kept.txt").write_text("")
    Path("home/week1/answer.txt").write_text("43")
    Path("elsewhere").write_text("untouched")
    Path("stats/week1/answer.txt").unlink()
    Path("stats/week1/answer.txt").symlink_to(Path("elsewhere").absolute())
    press(module, "hand-out", "week1")
    assert Path("stats/week1/answer.txt").read_text() == "43"
    assert Path("elsewhere").read_text() == "untouched"
    assert there("stats") == ["week1/answer.txt", "week1/kept.txt"]
    assert "1 of them the same already" in press(module, "hand-out", "week1")
    Path("home/week2").mkdir()
    Path("home/week2/a.txt").write_text("")
    Path("stats/week2").symlink_to(Path("home").absolute())
    with pytest.raises(OSError):
        press(module, "hand-out", "week2")
    assert not Path("home/a.txt").exists()


def test_nothing_is_made_if_nobody_has_handed_in(module: ModuleType) -> None:
    assert press(module, "collect") == "Nobody has handed in."
    assert there("home/collected") == []
    assert list(Path("home/collected/stats").iterdir()) == []


def test_collected_is_what_each_has_handed_in_with_a_list(module: ModuleType, monkeypatch) -> None:
    press(module, "hand-in", "week1")
    Path("stats-hand-in/=evil").symlink_to("/etc/shadow")
    Path("home/secret").write_text("the teacher's")
    Path("stats-hand-in/folder").symlink_to(Path("home").absolute())
    monkeypatch.setattr(module.handing, "name_of", lambda _: "=emmy")
    said = press(module, "collect").splitlines()
    assert said[1] == "=emmy: 1 file. Left out: =evil is a link; folder is a link."
    [place] = Path("home/collected/stats").iterdir()
    assert said[0] == f"Copied to collected/stats/{place.name}, with a list (hand-in.csv)."
    assert [path.rpartition("/")[2] for path in there(str(place))] == ["answer.txt", "hand-in.csv"]
    assert place.stat().st_mode & 0o077 == 0
    [_, row] = csv.reader((place / "hand-in.csv").open())
    assert row[:3] == ["'=emmy", "1", "2"]
