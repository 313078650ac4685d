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
BY_KIND = """
import pytest
@pytest.fixture(params=["plain", "systemd"])
def process_manager(request):
    return request.param
@pytest.mark.drawn("case", {"plain": ["p1", "p2", "p3"], "systemd": ["s1", "s2", "s3", "s4"]}, sample=2)
def test_case(process_manager, case):
    assert case[0] == process_manager[0]
@pytest.mark.drawn("case", range(3), sample=0)
def test_for_hours(case):
    pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drawn, "JOURNAL", pytester.path / "journal")
    monkeypatch.setattr(drawn, "_exhaustive", [])

    def run(*arguments: str, seed: str = "", tests: str = CASES) -> str:
        pytester.makepyfile(tests)
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


def test_cases_by_kind_of_machine_are_drawn_of_each_kind_and_long_ones_only_when_all_are_asked_for(run):
    usual = run(seed="1", tests=BY_KIND)
    assert "test_case: 4 tried, 4 passed" in usual
    assert [drawn_in(usual).count(kind) for kind in ("plain-p", "systemd-s")] == [2, 2]
    assert "test_for_hours" not in usual
    assert "10 passed" in run("--exhaustive", tests=BY_KIND)


def drawn_in(output: str) -> str:
    lines = output.splitlines()
    return lines[next(i for i, line in enumerate(lines) if "tried" in line) + 1]
