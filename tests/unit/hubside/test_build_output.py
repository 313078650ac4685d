"""What a build prints, as root writes it down and the hub reads it."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from hubinstall import layout
from hubinstall.hubside import build_output
from hubinstall.hubside.build_output import LEFT_OUT, MOST, Build, Output, cleaned, last_build


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(layout, "BUILD_OUTPUT", str(tmp_path / "output"))
    return tmp_path / "output"


def seen() -> Build:
    found = last_build()
    assert found
    return found


def test_a_build_runs_and_ends_and_the_next_one_takes_its_place(path: Path) -> None:
    assert last_build() is None
    output = Output(path, "stats")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    output.tell("one")
    assert (seen().environment, seen().lines, seen().state) == ("stats", "one", "running")
    output.tell("two")
    output.end()
    assert (seen().lines, seen().state) == ("one\ntwo", "built")
    output.close()
    assert seen().state == "built"
    other = Output(path, "other")
    assert (seen().environment, seen().lines, seen().state) == ("other", "", "running")
    other.end("no\n  such package")
    other.close()
    assert (seen().state, seen().failure) == ("failed", "no\n  such package")
    assert os.listdir(path.parent) == ["output"]


def test_one_that_was_killed_has_ended_without_a_word(path: Path) -> None:
    child = os.fork()
    if not child:
        Output(path, "stats").tell("half")
        os._exit(0)  # as a kill does: nothing is written, and the lock goes with the process
    os.waitpid(child, 0)
    assert (seen().lines, seen().state) == ("half", "lost")


def test_no_program_of_a_build_writes_the_first_or_the_last_line(path: Path) -> None:
    output = Output(path, 'x"\n{"failure": ""}')
    output.tell('{"failure": ""}')
    output.tell('a\n{"failure": ""}')
    output.tell("b\x0b\x1c\x85\u2028c")
    assert seen().state == "running"
    assert seen().lines == '{"failure": ""}\na {"failure": ""}\nbc'
    output.close()
    assert seen().state == "lost"


def test_it_is_bounded_and_keeps_beginning_and_end(path: Path) -> None:
    output = Output(path, "stats")
    output.tell("first")
    for number in range(3000):
        output.tell(f"{number} " + "ü" * 5000)
        assert path.stat().st_size <= MOST
    output.end("x" * 10 * MOST)
    output.close()
    lines = seen().lines.split("\n")
    assert lines[0] == "first"
    assert lines.count(LEFT_OUT.decode().strip()) == 1
    assert lines[-1].startswith("2999 ü")
    assert max(map(len, lines)) <= build_output.LINE
    assert seen().state == "failed"
    assert path.stat().st_size <= MOST


def test_what_cannot_be_written_is_left_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(path, "stats")
    output.tell("before")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        output.tell("lost")
        output.end()
        Output(path, "other").tell("never")
    output.tell("after")
    assert (seen().environment, seen().lines, seen().state) == ("stats", "before\nafter", "running")
    output.close()
    nowhere = Output(path.parent / "absent" / "output", "stats")
    nowhere.tell("x")
    nowhere.end()
    nowhere.close()


def test_links_are_not_followed(path: Path) -> None:
    victim = path.parent / "victim"
    victim.write_text("kept")
    for name in ("output", "output.new"):
        path.with_name(name).symlink_to(victim)
    assert last_build() is None
    output = Output(path, "stats")
    output.tell("x")
    output.close()
    assert victim.read_text() == "kept"
    assert not path.is_symlink()


def test_a_lock_of_the_hubs_stops_no_build(path: Path) -> None:
    Output(path, "stats").close()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        output = Output(path, "next")
        output.end()
        output.close()
    assert (seen().environment, seen().state) == ("next", "built")


@pytest.mark.parametrize("text", ["", "x", "[]\n", "{}\n", '{"environment": "a", "began": null}\n', "\x00" * 5])
def test_what_is_no_such_file_is_no_build(path: Path, text: str) -> None:
    path.write_text(text)
    assert last_build() is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[1;31mred\x1b[0m \x9b2Kx", "red x"),
        ("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x07!", "here!"),
        ("\x1b]0;a title without an end", ""),
        ("\x1b(Ba\x1b7b\x1b", "ab"),
        ("a\tb\x00\x08\x7f\u202ec\u2066d\ufeff", "a\tbcd"),
        ("Größe ✓ <b>", "Größe ✓ <b>"),
    ],
)
def test_what_only_terminals_understand_is_taken_out(text: str, left: str) -> None:
    assert cleaned(text) == left
