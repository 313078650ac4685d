"""shellcheck over every shell script: those of the repository, and the launchers as a machine gets them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from fakes.blueprint import wished
from harness import checkout
from hubinstall import layout

SHEBANG = re.compile(r"#!/bin/(?:ba)?sh\n")
COMMANDS = {"tests/run", "benchmarks/run", "benchmarks/bare-install.sh", ".ci/run", "installer/relock.sh"}
SHELL_OF = {
    "src/hubinstall/hubside/home.sh": "bash",
    "templates/image/inside.sh": "sh",
    "templates/layer/vscode.sh": "sh",
    "templates/image/root/usr/local/bin/before-notebook.d/10-matplotlib-fonts.sh": "bash",
    "templates/image/root/usr/local/bin/before-notebook.d/20-locale.sh": "bash",
}
"""Scripts without a first line that names their shell: another one reads or sources them."""
FINE = {
    "build.sh": {"SC2015": "as above", "SC2016": "mmdebstrap runs the hook"},
    "pack.sh": {"SC2086": "$bound is a command with its arguments"},
    "start.sh": {"SC1090": "the hooks that it sources are whatever an image has in a folder"},
    "nginx-check": {"SC2016": "the inner shell expands it"},
    "common.sh": {"SC2044": "paths of /proc have no blanks", "SC2013": "as above"},
    "nginx-loaded": {"SC2043": "a template's loop; other settings give it more than one file"},
    "docker": {"SC3045": "sh is dash on Debian and Ubuntu, and dash knows ulimit -H and -n"},
    "containerd": {"SC3045": "as above"},
    "supervisord": {"SC3045": "as above"},
}
"""File → the checks that do not hold for it, and why. They stand here because a comment in a template would change
installed machines: another byte in a launcher restarts its service, one in the image's files builds the image again.
The scripts that stay in the repository have a comment (`# shellcheck disable=`) instead.
"""
FINE_PAIRS = {(name, code) for name, codes in FINE.items() for code in codes}
LETSENCRYPT = {"domain": "hub.example.org", "https": {"letsencrypt": {"email": "ops@example.org"}}}

GROUP_SHARE = {"shares": {"project": {"access": {"group": "team"}}}}
QUOTA = {"home": {"quota": "10G"}}


def scripts() -> list[str]:
    """Every shell script of the repository that is no template."""
    own = [name for name in checkout.files() if not (CHECKOUT / name).is_symlink()]
    texts = {name: (CHECKOUT / name).read_bytes().decode(errors="replace") for name in own}
    shell = [name for name, text in texts.items() if name in SHELL_OF or SHEBANG.match(text)]
    return [name for name in shell if not re.search(r"\{[{%]", texts[name])]


def rendered(folder: Path) -> list[Path]:
    """Every script that the blueprint writes, for both process managers; each different text once."""
    texts = {}
    for manager, driver in (("systemd", "systemd"), ("supervisor", "cgroupfs")):
        for settings in ({}, LETSENCRYPT | GROUP_SHARE | QUOTA):
            for resource in wished(manager, settings, cgroup_driver=driver).values():
                data = getattr(resource, "data", b"")
                if SHEBANG.match(data.decode()):
                    texts[data] = Path(resource.name).name
    files = []
    for number, (data, name) in enumerate(texts.items()):
        files.append(folder / str(number) / name)
        files[-1].parent.mkdir()
        files[-1].write_bytes(data)
    return files


def findings(*paths: str | Path, shell: str = "") -> set[tuple[str, str]]:
    """(file's name, code) of all that shellcheck says."""
    if shutil.which("shellcheck") is None:
        pytest.fail(
            "shellcheck is missing: `apt-get install shellcheck`, or `tests/run prepare` as root", pytrace=False
        )
    chosen = [f"--shell={shell}"] if shell else []
    argv = ["shellcheck", "--format=json", *chosen, *paths]
    ended = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ended.returncode in {0, 1}, ended.stderr
    return {(Path(found["file"]).name, f"SC{found['code']}") for found in json.loads(ended.stdout)}


@pytest.fixture(scope="module")
def launchers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return rendered(tmp_path_factory.mktemp("launchers"))


@pytest.fixture(scope="module")
def said(launchers: list[Path]) -> set[tuple[str, str]]:
    found = findings(*(name for name in scripts() if name not in SHELL_OF), *launchers)
    for name, shell in SHELL_OF.items():
        found |= findings(name, shell=shell)
    return found


def test_every_script_is_looked_at(launchers: list[Path]) -> None:
    assert COMMANDS | SHELL_OF.keys() <= set(scripts())
    assert [name for name in COMMANDS if not (CHECKOUT / name).stat().st_mode & 0o111] == []
    names = {file.name for file in launchers}
    assert {*layout.SERVICES, "nginx-loaded", "nginx-check", "supervisord", "policy-rc.d"} <= names


def test_shellcheck_is_content(said: set[tuple[str, str]], launchers: list[Path]) -> None:
    names = {file.name for file in launchers} | {"common.sh"}
    shared = {(name, code) for name in names for code in FINE["common.sh"]}
    assert said - FINE_PAIRS - shared == set()


def test_each_exception_is_still_needed(said: set[tuple[str, str]]) -> None:
    assert FINE_PAIRS - said == set()


def test_a_mistake_is_found(tmp_path: Path) -> None:
    script = tmp_path / "mistaken"
    script.write_text("#!/bin/sh\nrm -rf $1/\n")
    assert ("mistaken", "SC2086") in findings(script)
