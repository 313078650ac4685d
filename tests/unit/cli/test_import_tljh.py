"""The verb `import-tljh`: our file on stdout or in a new file, the rest on stderr."""

from pathlib import Path

import pytest

from hubinstall.cli import main

THEIRS = "users: {admin: [ada], allowed: [grace]}\nlimits: {memory: 1G, cpu: 1}\n"
OURS = "users:\n  admin: [ada]\n  allowed: [grace]\n  allow_all: false\nlimits:\n  memory: 1G\n  cpu: 1\n"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    file = tmp_path / "tljh.yaml"
    file.write_text(THEIRS)
    return file


def test_it_prints_ours(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["import-tljh", str(theirs)]) == 0
    printed = capsys.readouterr()
    assert printed.out == OURS
    assert "creates the accounts of administrators: ada" in printed.err
    assert "Create the other accounts with adduser: grace" in printed.err
    assert "Save it as /etc/hubinstall/config.yaml" in printed.err


def test_it_writes_a_new_file_and_replaces_none(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.fchown", lambda *_: None)
    monkeypatch.setattr("os.chown", lambda *_, **__: None)
    new = tmp_path / "config.yaml"
    assert main.main(["import-tljh", str(theirs), "--output", str(new)]) == 0
    assert new.read_text() == OURS
    assert new.stat().st_mode & 0o777 == 0o600
    assert main.main(["import-tljh", str(theirs), "--output", str(theirs)]) == 1
    assert theirs.read_text() == THEIRS
    assert f"{theirs} exists, and was not changed" in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["import-tljh", str(tmp_path / "no.yaml")]) == 1
    assert "/opt/tljh/config/config.yaml" in capsys.readouterr().err
