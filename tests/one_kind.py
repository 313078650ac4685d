"""Test files that a whole run tries on one kind of machine, which is drawn: at another commit it is the other kind.

    pytestmark = pytest.mark.one_kind

For files whose subject is the same code on both kinds but for little: all of them twice would be too long for CI. Only
`--whole` draws: otherwise a file runs on each kind that is asked for. In the order of their names, files take turns, so
that the two kinds side by side have equally much to do.
"""

import pytest

KINDS = ("systemd", "plain")


def kind_of(file: str, files: list[str], seed: str) -> str:
    """The kind of machine that a file is for, of all the files that are for one kind."""
    return KINDS[(sum(seed.encode()) + sorted(files).index(file)) % len(KINDS)]


def of_the_other_kind(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """Those that the draw leaves to another commit."""
    marked = [item for item in items if item.get_closest_marker("one_kind")]
    files = sorted({item.path.name for item in marked})
    return [item for item in marked if _kind(item) != kind_of(item.path.name, files, seed)]


def _kind(item: pytest.Item) -> str:
    return str(item.callspec.params["process_manager"]) if isinstance(item, pytest.Function) else ""
