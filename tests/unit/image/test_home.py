"""What the hub's hook makes of a home in which Jupyter cannot work. Who may read what, as in real homes, is tested on
machines: here root may run the tests.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout_path import CHECKOUT

HOOK = CHECKOUT / "src/hubinstall/hubside/home.sh"
MEMORY = "/tmp/.instead-of-home"
VARIABLES = ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_PATH", "XDG_CONFIG_HOME")


def after_hook(home: Path, **given: str) -> tuple[dict[str, str], str]:
    """The variables that a server is started with, and what the hook has said."""
    script = f'set -e; . {HOOK}; for name in {" ".join(VARIABLES)}; do echo "$name=${{!name:-}}"; done'
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"} | given
    ran = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    pairs = [line.partition("=") for line in ran.stdout.splitlines()]
    return {name: value for name, _, value in pairs if value}, ran.stderr


def test_a_home_as_most_are_is_used_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".ipython/profile_default").mkdir(parents=True)
    (tmp_path / ".ipython/profile_default/history.sqlite").write_text("x")
    assert after_hook(tmp_path) == ({}, "")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["history.sqlite"]


def in_place_of_a_folder(path: Path) -> None:
    path.write_text("a file")


def leads_nowhere(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


def leads_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("spoil", [in_place_of_a_folder, leads_nowhere, leads_to_itself])
def test_what_is_no_folder_is_replaced_for_this_server(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    for name in (".ipython", ".local", ".jupyter"):
        spoil(tmp_path / name)
    found, said = after_hook(tmp_path)
    assert found == {
        "IPYTHONDIR": f"{MEMORY}/IPYTHONDIR",
        "JUPYTER_DATA_DIR": f"{MEMORY}/JUPYTER_DATA_DIR",
        "JUPYTER_CONFIG_DIR": f"{MEMORY}/JUPYTER_CONFIG_DIR",
        "JUPYTER_PATH": f"{tmp_path}/.local/share/jupyter",
    }
    assert len(said.splitlines()) == 3
    assert f"start.sh: {tmp_path}/.ipython " in said


@pytest.mark.parametrize("name", ["profile_default", "profile_default/startup", "profile_default/pid"])
def test_what_ipython_could_not_make_later_is_made_or_replaced(tmp_path: Path, name: str) -> None:
    """A kernel ended with the disk's last block, which its server had taken: ENOSPC at profile_default."""
    assert after_hook(tmp_path)[0] == {}
    profile = tmp_path / ".ipython/profile_default"
    assert sorted(path.name for path in profile.iterdir()) == ["log", "pid", "security", "startup"]
    spoilt = tmp_path / "second"
    (spoilt / ".ipython" / name).parent.mkdir(parents=True)
    leads_nowhere(spoilt / ".ipython" / name)
    found, said = after_hook(spoilt)
    assert found == {"IPYTHONDIR": f"{MEMORY}/IPYTHONDIR"}
    assert f"/.ipython/{name} leads nowhere" in said


def test_what_an_image_or_a_safe_start_has_set_stays(tmp_path: Path) -> None:
    (tmp_path / ".jupyter").symlink_to("/nowhere/at/all")
    given = {"JUPYTER_CONFIG_DIR": "/a", "IPYTHONDIR": "/b", "JUPYTER_DATA_DIR": "/c"}
    assert after_hook(tmp_path, **given) == (given, "")


def test_links_to_what_a_group_alone_reads_are_made_and_nothing_is_replaced(tmp_path: Path) -> None:
    leads_nowhere(tmp_path / "marks")
    in_place_of_a_folder(tmp_path / "plans")
    shares = "/srv/data/exams /srv/data/marks /srv/data/plans"
    assert after_hook(tmp_path, HUBINSTALL_SHARES=shares) == ({}, "")
    links = {path.name: str(path.readlink()) for path in tmp_path.iterdir() if path.is_symlink()}
    assert links == {"exams": "/srv/data/exams", "marks": "/nowhere/at/all"}
