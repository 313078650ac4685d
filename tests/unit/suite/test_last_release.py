"""The last release, taken out of git's history; and what is said where the history does not go back to it."""

import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness import checkout, last_release

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "protocol.file.allow=always")


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A repository with a release, tagged v1.0.0, and something newer."""
    folder = tmp_path / "history"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for words in ("released", "newer"):
        (folder / "said").write_text(words)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", words)
    git(folder, "tag", "v1.0.0", "HEAD~")
    return folder


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str) -> None:
    named_in = folder / "last_release"
    named_in.write_text(f"{name}\n")
    monkeypatch.setattr(last_release, "NAMED_IN", named_in)
    monkeypatch.setattr(checkout, "CHECKOUT", folder)


def test_one_tag_or_one_whole_commit_is_named():
    assert re.fullmatch(r"(v\d+\.\d+\.\d+|[0-9a-f]{40})\n", last_release.NAMED_IN.read_text())


def test_its_files_are_those_of_then(history: Path, monkeypatch: pytest.MonkeyPatch):
    use(monkeypatch, history, "v1.0.0")
    assert last_release.commit() == git(history, "rev-parse", "HEAD~").strip()
    with tarfile.open(fileobj=io.BytesIO(last_release.archive())) as tar:
        said = tar.extractfile("said")
        assert said is not None
        assert said.read() == b"released"


@pytest.mark.parametrize("named", ["tag", "commit"])
def test_a_shallow_clone_is_told_what_to_do(history: Path, monkeypatch: pytest.MonkeyPatch, named: str):
    shallow = history.parent / "shallow"
    git(history, "clone", "--quiet", "--depth=1", "--no-tags", f"file://{history}", str(shallow))
    name = "v1.0.0" if named == "tag" else git(history, "rev-parse", "v1.0.0").strip()
    use(monkeypatch, shallow, name)
    with pytest.raises(last_release.MissingError, match=f"{name}, which this clone does not have.*--unshallow"):
        last_release.archive()
