"""The documentation's site: it is built without a warning, each page is in its menu, and no block escapes the tests."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from harness import pages
from hubinstall.config import validate

KNOWN_NOT_RUN = 19
"""Console blocks that no test machine can run, each with its reason in the page's source."""


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(source / "mkdocs.yml")]
    return subprocess.run([*argv, "--site-dir", str(target)], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the site is made from, to break it."""
    shutil.copytree(CHECKOUT / "docs", tmp_path / "docs")
    shutil.copy(CHECKOUT / "mkdocs.yml", tmp_path)
    return tmp_path


def test_the_site_is_built_and_each_page_is_in_it(tmp_path: Path) -> None:
    built = build(CHECKOUT, tmp_path / "site")
    assert built.returncode == 0, (
        f"{built.stderr}\nA new page belongs into `nav` of mkdocs.yml; a link leads to a page or a heading that exists."
    )
    for page in pages.pages():
        made = tmp_path / "site" / page.removesuffix(".md") / "index.html"
        assert "<h1" in made.read_text(encoding="utf-8"), page


@pytest.mark.parametrize(
    ("page", "text", "said"),
    [
        ("how-to/people.md", "[broken](nowhere.md)\n", "nowhere.md"),
        ("how-to/people.md", "[broken](certificates.md#nowhere)\n", "#nowhere"),
        ("how-to/new.md", "# New\n", "how-to/new.md"),
    ],
)
def test_a_broken_link_or_a_page_outside_the_menu_fails(copy: Path, page: str, text: str, said: str) -> None:
    with (copy / "docs" / page).open("a", encoding="utf-8") as file:
        file.write(f"\n{text}")
    built = build(copy, copy / "site")
    assert built.returncode != 0
    assert said in built.stderr


def test_there_is_a_page_per_folder() -> None:
    assert {page.partition("/")[0] for page in pages.pages()} == set(pages.FOLDERS)
    assert sum(block.console for page in pages.pages() for block in pages.blocks(page)) > 20


@pytest.mark.parametrize("page", pages.pages())
def test_each_block_is_of_a_form_that_the_machine_suite_knows(page: str) -> None:
    text = pages.source(page).read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(pages.blocks(page)), "a fence is open, or inside a list"
    plain = pages.without_blocks(text)
    indented = [
        line for line in re.sub(r"<!--.*?-->", "", plain, flags=re.DOTALL).splitlines() if line.startswith("    ")
    ]
    assert indented == [], "commands belong into a block ```sh, their output into one ```text"
    marks = re.findall(r"<!-- .*? -->\n", plain, re.DOTALL)
    assert len(marks) == sum(len(block.marks) for block in pages.blocks(page)), (
        f"a comment before a block has one of the names {pages.MARKS}"
    )
    for block in pages.blocks(page):
        assert block.language in pages.LANGUAGES, f"{block.place}: try one of {pages.LANGUAGES}"
        if block.language not in {"sh", "text", "yaml"}:
            assert block.path or block.elsewhere, f"{block.place}: its first line names no path"


@pytest.mark.parametrize("page", pages.pages())
def test_settings_that_a_page_shows_are_valid(page: str) -> None:
    for block in pages.blocks(page):
        if block.language == "yaml" and block.path in {"", "/etc/hubinstall/config.yaml"}:
            validate.load(block.text)


def test_what_is_not_run_is_counted_and_says_why() -> None:
    every = [block for page in pages.pages() for block in pages.blocks(page)]
    left = [block for block in every if block.mark("not run")]
    others = {block.mark("run by") for block in every if block.mark("run by")}
    assert [name for name in others if not (CHECKOUT / name).is_file()] == []
    assert [block.place for block in left if len(block.mark("not run").split()) < 3] == []
    assert sum(block.console for block in left) == KNOWN_NOT_RUN


def test_what_a_command_prints_that_is_run_elsewhere_is_looked_for_there() -> None:
    found = []
    for page in pages.pages():
        before = None
        for block in pages.blocks(page):
            if block.language == "text" and before and before.elsewhere and not block.elsewhere:
                found.append(block.place)
            before = block if block.console else before
    assert found == [], "nothing is printed there: give it the mark of the block above"


def test_marks_and_excerpts() -> None:
    text = "words\n<!-- before: true\nfalse -->\n<!-- exit code: 3 -->\n```sh\nhubinstall status\n```\n"
    [block] = pages.blocks_of("x.md", text)
    assert (block.line, block.mark("before"), block.mark("exit code")) == (5, "true\nfalse", "3")
    assert pages.blocks_of("x.md", "```python\n# /etc/x.py\n1\n```\n")[0].path == "/etc/x.py"
    assert pages.unprinted("a … c\nd", "a   b c\nd e") == ""
    assert pages.unprinted("d\na", "a\nd") == "a"
    assert pages.unprinted("a b", "a\nb") == "a b"
