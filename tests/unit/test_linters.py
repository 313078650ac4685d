"""The linters, as tests: what they say is part of what `tests/run` says. For shell scripts: test_shell.py."""

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


def test_ruff_format() -> None:
    must_be_content("ruff", "format", "--check", "--quiet", "--diff", ".")


@pytest.mark.parametrize("folder", TYPED)
def test_mypy(folder: str) -> None:
    must_be_content("mypy", "--strict", folder)
