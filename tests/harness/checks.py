"""Counts what the attack suite checks: each `assert` of its files that was executed and held, once for each turn of a
loop over a table. Asserts of the harness do not count.
"""

from collections import Counter
from pathlib import Path

SUITE = "attacks"
"""The folder."""
_held = Counter[tuple[str, int]]()
"""File and line → how often."""


def count(file: Path, line: int) -> None:
    if file.parent.name == SUITE:
        _held[file.name, line] += 1


def told() -> list[str]:
    """For the end of a run."""
    files = Counter[str]()
    for (name, _), times in _held.items():
        files[name] += times
    each = ", ".join(f"{name.removeprefix('test_').removesuffix('.py')} {files[name]}" for name in sorted(files))
    words = f"{SUITE}: {_held.total()} checks held, by {len(_held)} lines with an assert ({each})"
    return [words] if _held else []
