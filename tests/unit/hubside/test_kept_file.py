"""The small files of the hub's state."""

import pytest

from hubinstall.hubside import kept_file


def test_a_file_that_says_the_same_is_not_written(tmp_path):
    path = tmp_path / "people.json"
    kept_file.keep(path, "grüße\n", 0o600)
    before = path.stat()
    kept_file.keep(path, "grüße\n", 0o600)
    assert path.stat().st_ino == before.st_ino
    assert path.read_text(encoding="utf-8") == "grüße\n"
    kept_file.keep(path, "grüße\n", 0o644)
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "people.json"
    kept_file.keep(path, "before", 0o600)
    (tmp_path / "people.json.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        kept_file.keep(path, "after", 0o600)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["people.json"]
