"""The linters, as tests: what they say is part of what `tests/run` says."""

import subprocess
import sys

import pytest

from checkout_path import CHECKOUT

# Separate runs: a folder's modules may bear the names of another's (conftest).
TYPED = ("src", "installer", "tests/harness", "tests/machine", "benchmarks")


def must_be_content(*argv: str) -> None:
    ended = subprocess.run([sys.executable, "-m", *argv], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.fail(ended.stdout + ended.stderr, pytrace=False)


def test_ruff() -> None:
    must_be_content("ruff", "check", "--quiet", "--output-format=concise", ".")


@pytest.mark.parametrize("folder", TYPED)
def test_mypy(folder: str) -> None:
    must_be_content("mypy", "--strict", folder)


@pytest.mark.parametrize(
    "script", ["tests/run", "benchmarks/run", "benchmarks/bare-install.sh", ".ci/run", "installer/relock.sh"]
)
def test_shell_scripts_parse(script: str) -> None:
    assert (CHECKOUT / script).stat().st_mode & 0o111
    subprocess.run(["sh", "-n", script], cwd=CHECKOUT, check=True)
