"""What is in the wheel: all that an installation is made from, the linked top-level folders included."""

import zipfile

import pytest

from checkout_path import CHECKOUT
from fakes import builds
from harness import checkout

LINKED = ("templates", "systemd", "nginx")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    source = builds.source(tmp_path_factory.mktemp("source"))
    return zipfile.ZipFile(builds.build("wheel", source, tmp_path_factory.mktemp("wheel")))


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
