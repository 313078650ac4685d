"""The source archive: all that an installation needs is inside, and it installs the same as a checkout."""

from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from fakes import builds


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = builds.build("sdist", builds.source(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("sdist"))
    return builds.unpacked(made, tmp_path_factory.mktemp("unpacked"))


def test_bootstrap_takes_it_for_a_checkout(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = builds.bootstrap_of(unpacked)
    monkeypatch.setattr(bootstrap.sys, "path", [])
    monkeypatch.setattr(bootstrap.sys, "dont_write_bytecode", True)
    assert bootstrap.find_checkout() == str(unpacked)


def test_it_has_what_people_read(unpacked: Path) -> None:
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "docs/how-to/certificates.md", "mkdocs.yml"):
        assert (unpacked / name).read_bytes() == (CHECKOUT / name).read_bytes()


def test_it_installs_the_same_as_a_checkout(unpacked: Path, tmp_path: Path) -> None:
    """Built from what bootstrap.py copies, which has neither git nor the archive's own list of files."""
    bootstrap = builds.bootstrap_of(unpacked)
    checkout = builds.source(tmp_path / "checkout")
    found = {}
    for name, folder in (("checkout", checkout), ("archive", unpacked)):
        copy = Path(bootstrap.copy_of(str(folder), str(tmp_path / f"copy-{name}")))
        found[name] = builds.contents(builds.build("wheel", copy, tmp_path / f"wheel-{name}"))
    assert found["archive"].keys() == found["checkout"].keys()
    assert [name for name in found["archive"] if found["archive"][name] != found["checkout"][name]] == []


def test_building_it_leaves_the_name_of_what_is_installed(unpacked: Path, tmp_path: Path) -> None:
    """A second bootstrap run sees no change: what a build leaves behind does not count."""
    bootstrap = builds.bootstrap_of(unpacked)
    before = bootstrap.digest_of(str(unpacked))
    builds.build("wheel", unpacked, tmp_path)
    assert bootstrap.digest_of(str(unpacked)) == before
