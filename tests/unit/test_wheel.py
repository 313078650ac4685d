"""What is in the wheel: all that an installation is made from, the linked top-level folders included."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from harness import checkout
from harness.archives import unpack

LINKED = ("templates", "systemd", "nginx")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, without network: the backend is in the tests' own list."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    unpack(checkout.archive(), source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    ended = subprocess.run(
        [*build, "--wheel-dir", str(target), str(source)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [file] = Path(target).glob("*.whl")
    return zipfile.ZipFile(file)


def test_the_linked_folders_travel(wheel: zipfile.ZipFile) -> None:
    linked = {name for name in checkout.files() if name.startswith(tuple(f"{folder}/" for folder in LINKED))}
    assert linked
    assert {f"hubinstall/data/{name}" for name in linked} - set(wheel.namelist()) == set()
    for name in linked:
        assert wheel.read(f"hubinstall/data/{name}") == (CHECKOUT / name).read_bytes()


def test_every_source_and_lock_travels(wheel: zipfile.ZipFile) -> None:
    own = {name.removeprefix("src/") for name in checkout.files() if name.startswith("src/")}
    files = {name for name in own if not (CHECKOUT / "src" / name).is_symlink()}
    assert files - set(wheel.namelist()) == set()


def test_nothing_else_travels(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name} == {"hubinstall"}


def test_the_command_is_there(wheel: zipfile.ZipFile) -> None:
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "hubinstall = hubinstall.cli.main:main" in wheel.read(entry_points).decode()
