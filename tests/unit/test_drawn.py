"""The draw of the suite itself: a sample, all of it, and where it was stopped."""

import pytest

import drawn

CASES = """
import pytest
@pytest.mark.drawn("case", [f"c{i}" for i in range(10)], sample=3)
def test_case(case):
    assert case != "c7"
def test_of_no_draw():
    pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drawn, "JOURNAL", pytester.path / "journal")
    monkeypatch.setattr(drawn, "_exhaustive", [])
    pytester.makepyfile(CASES)

    def run(*arguments: str, seed: str = "") -> str:
        monkeypatch.setenv("HUBINSTALL_TEST_SEED", seed)
        return str(pytester.runpytest_inprocess("-p", "drawn", *arguments).stdout)

    return run


def test_a_usual_run_draws_a_sample_and_names_the_seed(run):
    first = run(seed="1")
    assert "HUBINSTALL_TEST_SEED=1" in first
    assert "test_case: 3 tried" in first
    assert drawn_in(first) == drawn_in(run(seed="1"))
    assert len({drawn_in(run(seed=str(seed))) for seed in range(2, 6)}) > 1


def test_an_exhaustive_run_tries_all_and_goes_on_with_what_did_not_pass(run):
    first = run("--exhaustive")
    assert "1 failed, 9 passed" in first
    again = run("--exhaustive")
    assert "10 tried, 9 passed" in again
    assert "not passed: c7" in again
    assert "1 failed" in again
    assert "9 passed" not in again.splitlines()[-1]


def drawn_in(output: str) -> str:
    lines = output.splitlines()
    return lines[next(i for i, line in enumerate(lines) if "tried" in line) + 1]
