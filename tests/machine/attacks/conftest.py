"""Counts what the attack suite checks: each `assert` of its files that was executed and held, once for each turn of a
loop over a table. Asserts of the harness do not count.
"""

from collections import Counter

import pytest

CHECKS = pytest.StashKey[Counter[tuple[str, int]]]()
"""File and line → how often."""


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    item.config.stash.setdefault(CHECKS, Counter())[item.path.name, lineno] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not (checks := config.stash.get(CHECKS, None)):
        return
    files = Counter[str]()
    for (name, _), count in checks.items():
        files[name] += count
    each = ", ".join(f"{name.removeprefix('test_').removesuffix('.py')} {files[name]}" for name in sorted(files))
    terminalreporter.write_line(
        f"attacks: {checks.total()} checks held, by {len(checks)} lines with an assert ({each})"
    )
