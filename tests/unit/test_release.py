"""A release: the tag names the version that stands in the package, and nothing else is built."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from fakes import builds
from hubinstall import __version__

GIT = ("git", "-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost")


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


def test_a_tag_of_this_commit_is_its_version() -> None:
    tags = git(CHECKOUT, "tag", "--points-at", "HEAD", "--list", "v*") if (CHECKOUT / ".git").exists() else ""
    assert tags.split() in ([], [f"v{__version__}"])


def test_the_version_is_a_release_or_what_comes_before_it() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev0)?", __version__)


def test_the_changelog_tells_of_the_version() -> None:
    """Of a release by its number and day; what is not released yet stands under its own heading."""
    [first, *others] = re.findall(r"^## (.*)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == "Unreleased" or first.startswith(f"{__version__} - ")
    assert [title for title in others if not re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", title)] == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy that is ready to be tagged v9.8.7."""
    folder = builds.source(tmp_path / "source")
    (folder / "src/hubinstall/__init__.py").write_text('__version__ = "9.8.7"\n')
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## 9.8.7 - 2026-12-01\n\n- Something.\n")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "a release")


def release(folder: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "PYTHON": sys.executable}
    argv = [str(folder / "installer/release.sh"), *flags]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def test_a_release_is_built(repository: Path) -> None:
    git(repository, "tag", "v9.8.7")
    ended = release(repository)
    assert ended.returncode == 0, ended.stderr
    names = ["SHA256SUMS", "bootstrap.py", "hubinstall-9.8.7-py3-none-any.whl", "hubinstall-9.8.7.tar.gz"]
    assert ended.stdout.split() == sorted(path.name for path in (repository / "dist").iterdir()) == names
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=repository / "dist", check=True)
    assert (repository / "dist/SHA256SUMS").read_text().count("\n") == len(names) - 1
    assert "hubinstall 9.8.7 in one file" in (repository / "dist/bootstrap.py").read_text()
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "text", "tag", "words"),
    [
        ("src/hubinstall/__init__.py", '__version__ = "9.8.8"\n', "v9.8.7", "no section '## 9.8.8 - DATE'"),
        ("CHANGELOG.md", "# Changelog\n\n## Unreleased\n", "v9.8.7", "no section '## 9.8.7 - DATE'"),
        ("README.md", "other\n", "9.8.7", "does not have the tag v9.8.7"),
        ("README.md", "other\n", "v9.8.70", "does not have the tag v9.8.7"),
    ],
)
def test_what_does_not_fit_together_is_refused(repository: Path, name: str, text: str, tag: str, words: str) -> None:
    (repository / name).write_text(text)
    commit(repository)
    git(repository, "tag", tag)
    ended = release(repository)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert not (repository / "dist").exists()


def test_uncommitted_changes_are_refused(repository: Path) -> None:
    git(repository, "tag", "v9.8.7")
    (repository / "templates/new").touch()
    assert "uncommitted changes" in release(repository).stderr
