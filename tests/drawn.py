"""A sample in CI, everything on request: tests with many cases, of which a usual run draws a few.

    @pytest.mark.drawn("fault", FAULTS, sample=4)
    def test_a_fault_is_named(machine, fault): ...

A usual run draws `sample` cases, different ones for each commit; `HUBINSTALL_TEST_SEED` draws the same ones again. If
the cases depend on the kind of machine, they are a mapping, process manager → cases, and `sample` counts for each kind.
A sample of 0 is for tests that take too long for any usual run.
`--exhaustive` runs every case and records each that passed; if it was stopped, the next run continues from there.
"""

import hashlib
import itertools
import json
import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

ROOT = Path(__file__).parent.parent
JOURNAL = ROOT / "build" / "exhaustive.jsonl"
"""One line per passed case: the state of the checkout and the test's id."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hubinstall")
    group.addoption("--exhaustive", action="store_true", help="every case of the drawn tests, resumed where it stopped")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drawn(argument, cases, sample): a few of many cases; --exhaustive runs all")


def pytest_report_header() -> str:
    return f"HUBINSTALL_TEST_SEED={seed()}"


def seed() -> str:
    """The seed: the commit, so that each commit tries different cases, and the same commit tries the same ones."""
    return os.environ.get("HUBINSTALL_TEST_SEED") or _git("rev-parse", "--short=12", "HEAD") or "0"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for mark in metafunc.definition.iter_markers("drawn"):
        draws = _draws(metafunc.definition, mark)
        metafunc.parametrize(mark.args[0], list(dict.fromkeys(itertools.chain(*draws.values()))), ids=str)


def _draws(test: pytest.Item, mark: pytest.Mark) -> dict[str, list[Any]]:
    """Process manager → the cases drawn for it; the empty name is for all."""
    cases = mark.args[1]
    by_kind = cases if isinstance(cases, Mapping) else {"": cases}
    sample = None if test.config.getoption("--exhaustive") else max(1, mark.kwargs["sample"])
    name = getattr(test, "originalname", "") or test.name
    return {kind: _draw(by_kind[kind], sample, random.Random(f"{seed()} {name} {kind}")) for kind in by_kind}


def _draw(cases: Iterable[Any], sample: int | None, drawing: random.Random) -> list[Any]:
    """All cases, or a few of them in the same order."""
    every = list(cases)
    drawn = range(len(every)) if sample is None else sorted(drawing.sample(range(len(every)), sample))
    return [every[number] for number in drawn]


def _wanted(item: pytest.Item) -> bool:
    """Whether to run this at all: whether the case is drawn for this kind of machine."""
    exhaustive = item.config.getoption("--exhaustive")
    if (mark := item.get_closest_marker("drawn")) is None:
        return not exhaustive
    if not exhaustive and not mark.kwargs["sample"]:
        return False
    if not isinstance(mark.args[1], Mapping):
        return True
    params: Any = cast("pytest.Function", item).callspec.params
    return params[mark.args[0]] in _draws(item, mark)[params["process_manager"]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In an exhaustive run, keep only the drawn tests, and only cases that have not passed yet."""
    done = _passed() if config.getoption("--exhaustive") else set()
    left = [item for item in items if item.nodeid not in done and _wanted(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = left


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed and _exhaustive:
        JOURNAL.parent.mkdir(exist_ok=True)
        with JOURNAL.open("a") as journal:
            journal.write(json.dumps({"state": _state(), "test": report.nodeid}) + "\n")


def pytest_sessionstart(session: pytest.Session) -> None:
    _exhaustive[:] = [True] if session.config.getoption("--exhaustive") else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tried and passed cases by test; with --exhaustive, including those of earlier runs of the same state."""
    tried: dict[str, dict[str, str]] = defaultdict(dict)
    for node in _passed() if config.getoption("--exhaustive") else ():
        _note(tried, node, "passed")
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if "drawn" in getattr(report, "keywords", {}):
                _note(tried, report.nodeid, outcome)
    for test, cases in tried.items():
        bad = [case for case, outcome in cases.items() if outcome != "passed"]
        terminalreporter.write_line(f"{test}: {len(cases)} tried, {len(cases) - len(bad)} passed")
        terminalreporter.write_line(f"  {', '.join(cases)}")
        if bad:
            terminalreporter.write_line(f"  not passed: {', '.join(bad)}", red=True)


_exhaustive: list[bool] = []


def _note(tried: dict[str, dict[str, str]], node: str, outcome: str) -> None:
    test, _, case = node.partition("[")
    tried[test][case.rstrip("]")] = outcome


def _passed() -> set[str]:
    if not JOURNAL.exists():
        return set()
    lines = [json.loads(line) for line in JOURNAL.read_text().splitlines()]
    return {line["test"] for line in lines if line["state"] == _state()}


def _state() -> str:
    """A digest of the commit and of all differences from it."""
    return f"{_git('rev-parse', 'HEAD')} {hashlib.sha256(_git('diff', 'HEAD').encode()).hexdigest()[:12]}"


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    return ended.stdout.decode(errors="replace").strip()  # some files are not UTF-8 on purpose
