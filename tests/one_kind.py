"""Test files that a whole run tries on one kind of machine only, drawn by commit: another commit may try the other.

    pytestmark = pytest.mark.one_kind

For files whose subject is almost the same code on both kinds: running all of them twice would take too long in CI. Only
`--whole` draws; otherwise a file runs on each requested kind. Files alternate in the order of their names, so that both
kinds have the same amount of work.
"""

import pytest

KINDS = ("systemd", "plain")


def kind_of(file: str, files: list[str], seed: str) -> str:
    """The kind of machine that `file` is for. `files`: all files that are for one kind."""
    return KINDS[(sum(seed.encode()) + sorted(files).index(file)) % len(KINDS)]


def of_the_other_kind(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """The tests that the draw leaves to another commit."""
    marked = [item for item in items if item.get_closest_marker("one_kind")]
    files = sorted({item.path.name for item in marked})
    return [item for item in marked if _kind(item) != kind_of(item.path.name, files, seed)]


def _kind(item: pytest.Item) -> str:
    return str(item.callspec.params["process_manager"]) if isinstance(item, pytest.Function) else ""
