"""A file of ours that a page, a docstring or a comment names is where it is said to be."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from harness import checkout

NAME = re.compile(r"(?<![\w./%-])((?:[\w-]+/)*[\w-]+\.(?:py|sh))\b")
FILES = [f"/{name}" for name in checkout.files()]
PAGES = [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").rglob("*.md"))]
CODE = [
    path
    for folder in ("src", "installer", "tests", "benchmarks")
    for path in sorted((CHECKOUT / folder).rglob("*.py"))
    if f"/{path.relative_to(CHECKOUT)}" in FILES
]
NOT_OURS = {
    "supervisor/xmlrpc.py",
    "testssl.sh",
    "setup.py",  # of packages
    "dist/bootstrap.py",  # is built
    "values.py",  # CODING_STYLE.md: a name that says nothing
}


def stands(name: str) -> bool:
    """Whether a file of the repository has this name, or a path that ends so."""
    return any(file.endswith(f"/{name.removeprefix('hubinstall/')}") for file in FILES)


def prose(source: str) -> Iterator[str]:
    """The docstrings and comments of a Python file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def missing(texts: Iterator[str] | list[str]) -> list[str]:
    return [name for text in texts for name in NAME.findall(text) if name not in NOT_OURS and not stands(name)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_files_that_are_there(page: Path) -> None:
    assert missing([page.read_text(encoding="utf-8")]) == []


def test_docstrings_and_comments_name_files_that_are_there() -> None:
    found = {(path, name) for path in CODE for name in missing(prose(path.read_text(encoding="utf-8")))}
    assert {(str(path.relative_to(CHECKOUT)), name) for path, name in found} == set()


def test_names_are_found() -> None:
    told = [name for page in PAGES for name in NAME.findall(page.read_text(encoding="utf-8"))]
    assert len(told) >= 40
    assert {"machine/host.py", "src/hubinstall/__init__.py", "tests/unit/test_dependence.py"} <= set(told)
    source = '"""Of old.py."""\nx = "other.py"  # see parts/x.py, and machine/host.py\n'
    assert missing(prose(source)) == ["old.py", "parts/x.py"]
