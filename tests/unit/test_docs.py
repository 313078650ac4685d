"""What the docs tell to type exists, and what exists is told."""

import re
import shlex

import pytest

import commands_page
import reference_pages
from checkout_path import CHECKOUT
from harness import pages
from hubinstall import layout
from hubinstall.cli import config
from hubinstall.cli.main import parser
from hubinstall.config import typed, validate

PAGES = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")]
COMMAND = re.compile(r"(?:`|^    (?:sudo )?)(hubinstall [a-z][^`\n]*)", re.MULTILINE)
TYPED = re.compile(r"^ *(?:sudo )?(hubinstall [a-z][^\n]*)", re.MULTILINE)
CONSOLE = [block for page in pages.pages() for block in pages.blocks(page) if block.console]
TOLD = sorted({
    command.partition(" #")[0].strip()
    for command in (
        *(command for path in PAGES for command in COMMAND.findall(path.read_text(encoding="utf-8"))),
        *(command for block in CONSOLE for command in TYPED.findall(block.text)),
    )
    if not set("…|$<>;&").intersection(command)
})  # fmt: skip


def test_there_are_commands_in_the_docs():
    assert len(TOLD) > 8


@pytest.mark.parametrize("command", TOLD)
def test_a_command_of_the_docs_exists(command):
    arguments = parser().parse_args(shlex.split(command.replace("NAME", "someone"))[1:])
    if arguments.verb == "config" and arguments.config_verb in {"set", "add-item"} and "KEY" not in command:
        typed.edited(validate.document(""), config.edits(arguments))


def test_every_verb_and_flag_is_told():
    assert commands_page.PAGE.read_text(encoding="utf-8") == commands_page.page(), (
        "python tests/commands_page.py writes it anew"
    )


def test_the_other_generated_pages_are_current():
    for path, text in reference_pages.pages().items():
        assert path.read_text(encoding="utf-8") == text, "write it with `make docs`"


def test_paths_in_the_docs_are_those_of_the_layout():
    names = {value for value in vars(layout).values() if isinstance(value, str) and value.startswith("/")}
    for path in set(PAGES) - reference_pages.pages().keys():
        for told in re.findall(
            r"`(/(?:etc|opt|var|run)/[a-z_./-]*hubinstall[a-z_./-]*)", path.read_text(encoding="utf-8")
        ):
            assert told.rstrip("/*.") in names, f"{path.name}: {told}"


def test_the_setting_that_is_shown_end_to_end_is_as_the_files_have_it():
    """Each line of the diff in CONTRIBUTING that the setting came with; up to `…`, where it is shortened."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    sections = re.findall(r"^--- (\S+) .*\n((?:(?!---).*\n)+)", shown, re.MULTILINE)
    assert len(sections) == shown.count("--- ") > 4
    for name, lines in sections:
        content = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
        for line in re.findall(r"^[+ ](.*\S.*)", lines, re.MULTILINE):
            assert any(there.startswith(line.partition("…")[0]) for there in content), f"{name}: {line}"


def test_links_between_the_pages_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_a_decision_has_a_date_and_what_it_was_decided_against():
    text = (CHECKOUT / "docs/explanation/decisions.md").read_text(encoding="utf-8")
    decisions = [part for part in text.split("\n\n") if part.startswith("**")]
    assert len(decisions) >= 44
    dated = re.compile(r"\*20\d\d-\d\d-\d\d,\sinstead\sof\s")
    assert [decision[:60] for decision in decisions if not dated.search(decision)] == []
