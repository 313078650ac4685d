"""dist/bootstrap.py: one file that is piped into Python, the same for everyone who builds it, and harmless when cut."""

import ast
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from checkout_path import CHECKOUT
from fakes import builds

GIT = ("git", "-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost")
CUTS = 20
WRITTEN_WITH = {"SOURCE_DATE_EPOCH": "1796000000"}


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def ended(folder: Path, *flags: str, umask: int = 0o022) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHON": sys.executable, **WRITTEN_WITH}
    argv = [sys.executable, str(folder / "installer/build.py"), *flags]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, umask=umask)


def build(folder: Path, *flags: str, umask: int = 0o022) -> Path:
    done = ended(folder, *flags, umask=umask)
    assert done.returncode == 0, done.stderr
    return folder / "dist/bootstrap.py"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = builds.source(tmp_path_factory.mktemp("repository"))
    (folder / "src/hubinstall/__init__.py").write_text('__version__ = "9.8.7.dev0"\n')
    git(folder, "init", "--quiet")
    commit(folder, "first")
    commit(folder, "second")
    return folder


@pytest.fixture(scope="module")
def built(repository: Path) -> Path:
    return build(repository)


@pytest.fixture(scope="module")
def text(built: Path) -> str:
    return built.read_text()


@pytest.fixture
def module(text: str) -> ModuleType:
    """The file's functions, as somebody gets them who imports it."""
    made = ModuleType("one_file")
    exec(compile(text, "bootstrap.py", "exec"), made.__dict__)  # noqa: S102 - just built
    return made


def piped(content: str, folder: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """As `curl … | python3 - FLAGS` does it, in an empty folder."""
    environment = {"PATH": "/nonexistent", "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-E", "-s", "-", *flags], input=content, env=environment, cwd=folder, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_piped_it_answers_without_a_checkout(text: str, tmp_path: Path) -> None:
    done = piped(text, tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: bootstrap.py")


def test_as_standard_input_without_a_dash(built: Path) -> None:
    """It takes no flags then, so it runs as nobody, who is refused. Whatever follows the file is not read by anyone."""
    nobody = 65534 if os.geteuid() == 0 else None
    with built.open() as file:
        done = subprocess.run(
            ["/usr/bin/python3"], stdin=file, capture_output=True, text=True, check=False, cwd="/", user=nobody,
            group=nobody, extra_groups=nobody and [],
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs root" in done.stderr


def test_from_the_disk_too(built: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, built, "--nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unrecognized arguments: --nonsense" in done.stderr
    assert sorted(tmp_path.iterdir()) == []


def places(text: str) -> list[int]:
    """Where to cut: all over the file, and at each place of the lines before and after the archive."""
    archive = text.index('ARCHIVE_SHA256 = "')
    end = len(text.rstrip())
    spread = [len(text) * n // CUTS for n in range(CUTS)]
    lines = [found.start() for found in re.finditer("\n", text[:archive])]
    return sorted({*spread, *lines[::4], *range(archive, archive + 110, 20), *range(text.rindex('"""'), end)})


def test_cut_anywhere_it_does_nothing(text: str, tmp_path: Path) -> None:
    """The whole file would answer --help: the test above."""
    found = places(text)
    assert len(found) > 2 * CUTS
    for place in found:
        done = piped(text[:place], tmp_path, "--help")
        assert done.stdout == "", f"cut after {place} characters"
        assert done.stderr == "" or re.search(r"^\w+Error: ", done.stderr, re.MULTILINE), (
            f"cut after {place} characters"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_says_so(text: str, tmp_path: Path) -> None:
    place = len(text) // 2
    other = "A" if text[place] != "A" else "B"
    done = piped(text[:place] + other + text[place + 1 :], tmp_path, "--help")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this file is damaged\n  Download it again." in done.stderr


def test_files_of_the_working_directory_are_not_imported(text: str, tmp_path: Path) -> None:
    for name in ("base64", "zipfile", "argparse", "hubinstall"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('ours')")
    assert piped(text, tmp_path, "--help").stdout.startswith("usage: bootstrap.py")


def test_nothing_is_read_from_what_was_piped(text: str, tmp_path: Path) -> None:
    done = piped(text + "# a password\n", tmp_path, "--admin", "ada", "--admin-password-file", "/dev/stdin")
    assert done.returncode == 2
    assert "the password of ada is empty" in done.stderr


def test_an_old_python_can_read_it(text: str, module: ModuleType, tmp_path: Path) -> None:
    """It hands over to the archive, whose `__main__.py` says that the Python is too old."""
    tree = ast.parse(text, feature_version=(3, 6))
    calls = [node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert calls == []
    assert text.endswith('"""\n\nif __name__ == "__main__":\n    main()\n')
    module.unpack(str(tmp_path))
    assert (tmp_path / "__main__.py").read_bytes() == (CHECKOUT / "installer/bootstrap.py").read_bytes()


@pytest.mark.parametrize("version", [(3, 6), (3, 13)])
def test_the_archive_lies_in_memory(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    path = module.in_memory(b"content")
    monkeypatch.undo()
    try:
        assert Path(path).read_bytes() == b"content"
        assert os.get_inheritable(int(Path(path).name))
        assert not Path(os.readlink(path)).exists()
    finally:
        os.close(int(Path(path).name))


def test_the_same_commit_gives_the_same_bytes(repository: Path, built: Path, tmp_path: Path) -> None:
    clone = tmp_path / "elsewhere/clone"
    git(repository, "clone", "--quiet", str(repository), str(clone))
    assert build(clone, umask=0o077).read_bytes() == built.read_bytes()


def test_the_sums_are_right(built: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=built.parent, check=True)


def test_of_two_commits_the_later_one_is_newer(repository: Path, text: str, tmp_path: Path) -> None:
    assert "hubinstall 9.8.7.dev2 in one file" in text
    clone = tmp_path / "clone"
    git(repository, "clone", "--quiet", str(repository), str(clone))
    commit(clone, "third")
    assert "hubinstall 9.8.7.dev3 in one file" in build(clone).read_text()


def test_a_signature_can_be_verified(repository: Path, tmp_path: Path) -> None:
    clone, key = tmp_path / "clone", tmp_path / "key"
    git(repository, "clone", "--quiet", str(repository), str(clone))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    file = build(clone, "--key", str(key))
    (tmp_path / "signers").write_text(f"releases {key.with_suffix('.pub').read_text()}")
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "releases", "-n", "file"]
    argv = [*verify, "-s", f"{file}.sig"]
    content = file.read_bytes()
    assert subprocess.run(argv, input=content, capture_output=True, check=False).returncode == 0
    assert subprocess.run(argv, input=content + b"\n", capture_output=True, check=False).returncode != 0


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    git(repository, "clone", "--quiet", str(repository), str(tmp_path / "clone"))
    return tmp_path / "clone"


def test_what_is_not_committed_is_not_built(clone: Path) -> None:
    (clone / "templates/new").touch()
    done = ended(clone)
    assert (done.returncode, (clone / "dist").exists()) == (1, False)
    assert "there are uncommitted changes" in done.stderr


def test_a_shallow_clone_is_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "clone", "--quiet", "--depth=1", f"file://{repository}", str(tmp_path / "clone"))
    assert "Run `git fetch --unshallow`" in ended(tmp_path / "clone").stderr


def test_a_key_that_cannot_sign(clone: Path) -> None:
    assert "/nonexistent cannot sign" in ended(clone, "--key", "/nonexistent").stderr
    assert not (clone / "dist/bootstrap.py.sig").exists()


@pytest.fixture
def bootstrap() -> ModuleType:
    return builds.bootstrap_of(CHECKOUT)


def test_what_is_installed_is_the_wheel(
    repository: Path, module: ModuleType, bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(module.content())
    monkeypatch.setattr("hubinstall.__version__", "9.8.7.dev2")
    wheel, locked = bootstrap.wheel_of(str(archive), str(tmp_path / "copy"))
    assert Path(locked).read_bytes() == (CHECKOUT / "src/hubinstall/locks/installer.txt").read_bytes()
    source = tmp_path / "source"
    git(repository, "clone", "--quiet", str(repository), str(source))
    (source / "src/hubinstall/__init__.py").write_text('__version__ = "9.8.7.dev2"\n')
    expected = builds.build("wheel", source, tmp_path / "wheel")
    assert Path(wheel).name == expected.name
    assert builds.contents(Path(wheel)) == builds.contents(expected)
    assert bootstrap.digest_of(str(archive)) != bootstrap.digest_of(wheel)


def test_the_time_in_it_is_the_commits(module: ModuleType) -> None:
    with zipfile.ZipFile(io.BytesIO(module.content())) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 11, 30, 0, 53, 20)}
    assert hashlib.sha256(module.content()).hexdigest() == module.ARCHIVE_SHA256
