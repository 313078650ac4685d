"""What calls the project's scripts calls those that exist: the Makefile, the hooks before a commit, the workflow."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from checkout_path import CHECKOUT
from harness import checkout

TOOLS = Path(sys.executable).parent
OF_THE_SYSTEM = {"apt-get", "sed", "expand"}
MAKEFILE = (CHECKOUT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)
WORKFLOW = CHECKOUT / ".github/workflows/tests.yml"


def yaml(path: Path) -> dict[str, Any]:
    return YAML(typ="safe").load(path)


def steps() -> Iterator[dict[str, Any]]:
    for job in yaml(WORKFLOW)["jobs"].values():
        yield from job["steps"]


def missing(line: str) -> list[str]:
    """What a line of shell calls that is not there."""
    found = []
    for command in re.split(r"&&|\|", line):
        words = [word for word in shlex.split(command) if not word.startswith("-")]
        words = words[1:] if words[0] == "sudo" else words
        name, *rest = words
        if name.startswith(".venv/bin/"):
            found += [] if (TOOLS / Path(name).name).exists() else [name]
            found += [word for word in rest if word.startswith("tests/") and not (CHECKOUT / word).is_file()]
        elif "/" in name:
            runs = name in checkout.files() and (CHECKOUT / name).stat().st_mode & 0o111
            found += [] if runs else [name]
            if name == "tests/run" and rest and rest[0] not in suites():
                found.append(f"tests/run {rest[0]}")
        elif name not in OF_THE_SYSTEM:
            found.append(name)
    return found


def suites() -> list[str]:
    """The words that tests/run knows."""
    [words] = re.findall(r"^ +(\w+(?: \| \w+)+)\) what=", (CHECKOUT / "tests/run").read_text(), re.MULTILINE)
    return words.split(" | ")


def commands_of(target: str) -> list[str]:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return done.stdout.replace("\\\n", "").strip().splitlines()


def test_suites_are_read() -> None:
    assert {"unit", "machine", "prepare"} <= set(suites())


@pytest.mark.parametrize(
    "line", ["tests/no", "tests/run no", "sudo .ci/no", ".venv/bin/no x", ".venv/bin/python tests/no", "no"]
)
def test_what_is_not_there_is_missed(line: str) -> None:
    assert missing(line)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_calls_what_exists(target: str) -> None:
    lines = commands_of(target)
    assert lines
    assert [what for line in lines for what in missing(line)] == []


def test_help_lists_each_target_in_a_line() -> None:
    listed = subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == TARGETS
    assert [line for line in listed.splitlines() if len(line) > 100] == []
    [phony] = re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)
    assert phony.split() == TARGETS


def test_hooks_before_a_commit_are_the_tests_own_linters() -> None:
    [local] = yaml(CHECKOUT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    assert [hook["id"] for hook in local["hooks"] if hook["language"] != "system" or missing(hook["entry"])] == []


def test_the_workflow_calls_what_exists() -> None:
    lines = [step["run"] for step in steps() if "run" in step]
    assert "tests/run unit" in lines
    assert "sudo .ci/run" in lines
    assert [what for line in lines for what in missing(line)] == []


def test_the_workflow_pins_what_it_uses() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", name)] == []


def test_the_vagrantfile_calls_what_the_readme_calls() -> None:
    """As root, in the copy of the checkout that each provider makes."""
    text = (CHECKOUT / "Vagrantfile").read_text()
    [(folder, called, flags)] = re.findall(r'"python3 (/\w+)/(\S+) (.*)"', text)
    assert f'synced_folder ".", "{folder}"' in text
    assert f"python3 {called} {flags}" in (CHECKOUT / "README.md").read_text()
    assert (CHECKOUT / called).is_file()
