"""The draw of the suite itself: a sample, all of it, and where it was stopped."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent
CASES = """
import pytest
@pytest.mark.drawn("case", [f"c{i}" for i in range(10)], sample=3)
def test_case(case):
    assert case != "c7"
def test_of_no_draw():
    pass
"""


def run(folder: Path, *arguments: str, seed: str = "") -> str:
    code = f"import drawn, pathlib, pytest, sys; drawn.JOURNAL = pathlib.Path({str(folder / 'journal')!r}); "
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "HUBINSTALL_TEST_SEED": seed}
    command = [sys.executable, "-c", f"{code}sys.exit(pytest.main(sys.argv[1:]))", "-p", "drawn", *arguments]
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_cases.py").write_text(CASES)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_a_usual_run_draws_a_sample_and_names_the_seed(tmp_path: Path) -> None:
    first = run(tmp_path, seed="1")
    assert "HUBINSTALL_TEST_SEED=1" in first
    assert "test_case: 3 tried" in first
    assert drawn_in(first) == drawn_in(run(tmp_path, seed="1"))
    assert len({drawn_in(run(tmp_path, seed=str(seed))) for seed in range(2, 6)}) > 1


def test_an_exhaustive_run_tries_all_and_goes_on_with_what_did_not_pass(tmp_path: Path) -> None:
    first = run(tmp_path, "--exhaustive")
    assert "1 failed, 9 passed" in first
    again = run(tmp_path, "--exhaustive")
    assert "10 tried, 9 passed" in again
    assert "not passed: c7" in again
    assert "1 failed" in again
    assert "9 passed" not in again.splitlines()[-1]


def drawn_in(output: str) -> str:
    lines = output.splitlines()
    return lines[next(i for i, line in enumerate(lines) if "tried" in line) + 1]
