"""The manual's page and the completions are those of today's command, and are installed."""

import os
import shutil
import subprocess

import pytest

import command_help
from fakes.blueprint import wished
from hubinstall import layout
from hubinstall.blueprint.command_help import SOURCES

BASH = f"file:{layout.BASH_COMPLETION}"


def test_the_generated_files_are_current() -> None:
    for path, text in command_help.files().items():
        assert path.read_text(encoding="utf-8") == text, "write it with `make docs`"
    assert {path.name for path in command_help.FOLDER.iterdir()} == set(SOURCES.values())


@pytest.mark.parametrize("manager", ["systemd", "supervisor"])
def test_they_are_installed_where_shells_and_man_look(manager: str) -> None:
    resources = wished(manager, {})
    for path, name in SOURCES.items():
        assert resources[f"file:{path}"].data == (command_help.FOLDER / name).read_bytes()
        assert resources[f"directory:{os.path.dirname(path)}"].desired() == {"type": "dir"}


def completed(words: str) -> list[str]:
    """What bash proposes after these words."""
    script = f"""
        source {command_help.FOLDER}/hubinstall.bash
        COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        [ "{words[-1:]}" != " " ] || {{ COMP_WORDS+=(""); COMP_CWORD=$((COMP_CWORD + 1)); }}
        $(complete -p hubinstall | sed 's/.*-F \\([^ ]*\\).*/\\1/') && printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    bash = shutil.which("bash")
    assert bash
    return subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_bash_proposes_verbs_flags_services_and_settings() -> None:
    assert completed("hubinstall sta") == ["status", "start"]
    assert "--json" in completed("hubinstall status --")
    assert "proxy-snippet" in completed("hubinstall config ")
    assert completed("hubinstall restart jupyterhub-") == ["jupyterhub-proxy"]
    assert completed("hubinstall config get limits.m") == ["limits.memory"]
