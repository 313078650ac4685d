"""Test files that a whole run tries on one kind of machine only, drawn by commit: another commit may try the other.

    pytestmark = pytest.mark.one_kind
    pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

For files whose subject is almost the same code on both kinds: running all of them twice would take too long in CI.
Those that take minutes and are about one subject of their own come in turns: at one commit in two. Only `--whole`
draws; otherwise a file runs on each requested kind. Both kinds get about the same number of tests: they run side by
side, so CI takes as long as the longer of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

KINDS = ("systemd", "plain")
LATER = "another commit"
TURNS = (*KINDS, LATER, LATER)
"""What a file that comes in turns may be drawn for."""


def kinds(tests: Mapping[str, int], seed: str, turns: Sequence[str] = KINDS) -> dict[str, str]:
    """File → one of `turns`: the kind of machine that it is for. `tests`: how many tests each file has."""
    given = [0] * len(turns)
    found = {}
    for file in sorted(tests, key=lambda name: (-tests[name], name)):
        turn = given.index(min(given))
        given[turn] += tests[file]
        found[file] = turns[(sum(seed.encode()) + turn) % len(turns)]
    return found


def of_the_other_kind(items: Sequence[pytest.Item], every: Sequence[pytest.Item], seed: str) -> list[pytest.Item]:
    """The tests among `items` that the draw leaves to another commit.

    `every`: the tests of both kinds, whichever of them runs, so that the runs of both draw the same.
    """
    marked = [item for item in every if item.get_closest_marker("one_kind")]
    slow = Counter(item.path.name for item in marked if item.get_closest_marker("in_turns"))
    others = Counter(item.path.name for item in marked if item.path.name not in slow)
    drawn = kinds(others, seed) | kinds(slow, seed, TURNS)
    return [i for i in items if i.get_closest_marker("one_kind") and _kind(i) != drawn[i.path.name]]


def _kind(item: pytest.Item) -> str:
    return str(item.callspec.params["process_manager"]) if isinstance(item, pytest.Function) else ""
