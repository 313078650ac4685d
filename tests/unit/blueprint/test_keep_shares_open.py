"""What keeps groups' shares open to the groups, run as its service runs it, with the rights of the test."""

import grp
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checkout_path import CHECKOUT

SCRIPT = CHECKOUT / "templates/keep-shares-open.py"
SECONDS = 20.0


@pytest.fixture
def share(tmp_path):
    """A share with one private file from before."""
    folder = tmp_path / "project"
    (folder / "old").mkdir(parents=True, mode=0o700)
    make(folder / "old/file", 0o600)
    pair = f"project={grp.getgrgid(os.getgid()).gr_name}"
    with subprocess.Popen([sys.executable, "-IS", str(SCRIPT), str(tmp_path), "0", pair]) as process:
        wait(folder / "old/file", 0o660)
        yield folder
        process.terminate()


@pytest.fixture
def drop_box(tmp_path):
    folder = tmp_path / "handin"
    folder.mkdir()
    pair = f"handin={grp.getgrgid(os.getgid()).gr_name}=drop-box"
    with subprocess.Popen([sys.executable, "-IS", str(SCRIPT), str(tmp_path), "0", pair]) as process:
        wait(make(folder / "first", 0o644), 0o640)
        yield folder
        process.terminate()


@pytest.mark.parametrize(("came", "becomes"), [(0o600, 0o640), (0o666, 0o640), (0o755, 0o750), (0o000, 0o000)])
def test_in_a_drop_box_only_its_readers_read(drop_box, tmp_path, came, becomes):
    make(tmp_path / "file", came).rename(drop_box / "file")
    (drop_box / "mine").mkdir(mode=0o777)
    wait(make(drop_box / "mine/file", came), becomes)
    wait(drop_box / "file", becomes)
    wait(drop_box / "mine", 0o2750)
    (drop_box / "file").chmod(0o604)
    wait(drop_box / "file", 0o640)


def make(path: Path, mode: int) -> Path:
    path.write_text("text")
    path.chmod(mode)
    return path


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777


def wait(path: Path, wanted: int) -> None:
    end = time.monotonic() + SECONDS
    while mode(path) != wanted:
        assert time.monotonic() < end, f"{path} has {mode(path):o}"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("came", "becomes"),
    [(0o600, 0o660), (0o644, 0o664), (0o700, 0o770), (0o755, 0o775), (0o444, 0o444), (0o400, 0o440)],
)
def test_the_group_may_what_the_owner_may(share, tmp_path, came, becomes):
    make(tmp_path / "file", came).rename(share / "file")
    wait(share / "file", becomes)


def test_a_tree_that_is_moved_in_is_opened_to_its_depth(share, tmp_path):
    deep = tmp_path / "tree/a/b"
    deep.mkdir(parents=True)
    make(deep / "file", 0o600)
    deep.chmod(0o700)
    (tmp_path / "tree").rename(share / "tree")
    wait(share / "tree/a/b/file", 0o660)
    assert mode(share / "tree/a/b") == 0o2770


def test_what_is_closed_again_and_what_is_below_a_renamed_folder_is_seen(share):
    (share / "old/file").chmod(0o600)
    wait(share / "old/file", 0o660)
    (share / "old").rename(share / "new")
    wait(make(share / "new/later", 0o600), 0o660)


def test_no_link_is_followed_and_a_file_with_two_names_stays(share, tmp_path):
    outside = make(tmp_path / "outside", 0o600)
    (share / "link").symlink_to(outside)
    (tmp_path / "folder").mkdir(mode=0o700)
    (share / "folder").symlink_to(tmp_path / "folder")
    twice = make(tmp_path / "twice", 0o600)
    os.link(twice, share / "twice")
    os.mkfifo(share / "pipe", 0o600)
    wait(make(share / "last", 0o600), 0o660)
    assert [mode(path) for path in (outside, twice, share / "pipe", tmp_path / "folder")] == [0o600] * 3 + [0o700]


def test_a_program_does_not_get_the_rights_of_another_group(share, tmp_path):
    others = [gid for gid in os.getgroups() if gid != os.getgid()] or ([12345] if os.geteuid() == 0 else [])
    if not others:
        return  # whoever is in one group only cannot make such a file
    file = make(tmp_path / "program", 0o755)
    os.chown(file, -1, others[0])
    file.chmod(0o6755)
    file.rename(share / "program")
    wait(share / "program", 0o775)
    assert (share / "program").stat().st_gid == os.getgid()
