"""Files of others are copied name by name: no link leads out of the folder, and nothing in it leads root elsewhere."""

import os

import pytest

from hubinstall.machine import careful_copy
from hubinstall.machine.careful_copy import Found, Left, Modes

MODES = Modes(0o750, 0o640, os.getgid())


@pytest.fixture
def folders(tmp_path):
    """An open source and an open target, with their paths, and a secret beside them."""
    paths = [tmp_path / name for name in ("source", "target")]
    for path in paths:
        path.mkdir()
    (tmp_path / "secret").write_text("secret")
    opened = [careful_copy.opened(str(path)) for path in paths]
    yield *paths, *opened
    for file in opened:
        os.close(file)


def found(source):
    return {one.path: one for one in careful_copy.files(source)}


def test_a_tree_is_copied_with_modes_of_ours(folders):
    path, to, source, target = folders
    (path / "week 1/data").mkdir(parents=True)
    (path / "week 1/data/é.txt").write_text("x" * 3_000_000)
    (path / "week 1/data/é.txt").chmod(0o4777)
    before = os.umask(0o077)
    try:
        for one in found(source).values():
            assert careful_copy.copy(source, one, target, f"emmy/{one.path}", MODES) == ""
    finally:
        os.umask(before)
    copied = to / "emmy/week 1/data/é.txt"
    assert copied.read_text() == "x" * 3_000_000
    assert copied.stat().st_mode & 0o7777 == 0o640
    assert copied.parent.stat().st_mode & 0o777 == 0o750
    assert list((to / "emmy/week 1/data").iterdir()) == [copied], "nothing else is left"
    assert careful_copy.same(source, "week 1/data/é.txt", target, "emmy/week 1/data/é.txt")
    copied.write_text("y")
    assert not careful_copy.same(source, "week 1/data/é.txt", target, "emmy/week 1/data/é.txt")


def test_links_fifos_and_second_names_are_left_out(folders, tmp_path):
    path, _, source, _ = folders
    (path / "to").symlink_to(tmp_path / "secret")
    (path / "folder").symlink_to(tmp_path)
    os.mkfifo(path / "fifo")
    os.link(tmp_path / "secret", path / "second")
    whys = {name: one.why for name, one in found(source).items() if isinstance(one, Left)}
    assert whys == {
        "to": "is a link", "folder": "is a link", "fifo": "is not a file", "second": "has a second name (a hard link)",
    }  # fmt: skip
    assert not [one for one in found(source).values() if isinstance(one, Found)]


@pytest.mark.parametrize("swap", ["link", "folder", "larger", "fifo"])
def test_what_is_swapped_after_the_look_is_not_followed(folders, tmp_path, swap):
    path, to, source, target = folders
    (path / "a").mkdir()
    (path / "a/b").write_text("mine")
    [one] = found(source).values()
    (path / "a/b").unlink()
    if swap == "link":
        (path / "a/b").symlink_to(tmp_path / "secret")
    elif swap == "folder":
        (path / "a").rmdir()
        (tmp_path / "b").write_text("secret")
        (path / "a").symlink_to(tmp_path)
    elif swap == "fifo":
        os.mkfifo(path / "a/b")
    else:
        (path / "a/b").write_text("larger")
    assert careful_copy.copy(source, one, target, "x/b", MODES)
    assert not [name for name in to.rglob("*") if name.is_file()]


def test_a_link_in_the_target_leads_nowhere(folders, tmp_path):
    path, to, source, target = folders
    (path / "b").write_text("mine")
    [one] = found(source).values()
    (to / "week").symlink_to(tmp_path)
    assert careful_copy.copy(source, one, target, "week/b", MODES)
    assert not (tmp_path / "b").exists()
    (to / "b").symlink_to(tmp_path / "secret")
    assert careful_copy.copy(source, one, target, "b", MODES) == ""
    assert (to / "b").read_text() == "mine"
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_path_with_a_link_in_it_is_no_folder(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match=r"Not a directory|Too many"):
        careful_copy.opened(str(tmp_path / "link"))


def test_folders_have_a_deepest(folders):
    path, _, source, _ = folders
    (path / "/".join("d" * (careful_copy.DEEPEST + 2))).mkdir(parents=True)
    [left] = found(source).values()
    assert left.why == "is too deep"
