"""What can be said of the benchmarks without a machine: each is listed with its method, and the figures are right."""

import os
import re
import subprocess
import sys

import pytest

from checkout_path import CHECKOUT

sys.path.insert(0, str(CHECKOUT))

from benchmarks import first_load, noise, noop, restart, table

from harness import loads

FOLDER = CHECKOUT / "benchmarks"
BENCHMARKS = sorted(path for path in FOLDER.glob("*.py") if "\ndef main()" in path.read_text())


def test_the_readme_lists_each_benchmark_and_the_command_tells_the_same():
    rows = re.findall(r"^\| `(\w+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == [path.stem for path in BENCHMARKS]
    assert len(rows) >= 7
    listed = subprocess.run([FOLDER / "run"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  (\w+): ", listed, re.MULTILINE) == rows


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_each_tells_how_to_run_it_and_its_method(path):
    text = path.read_text()
    assert f"benchmarks/run {path.stem}" in text
    assert "\nMethod: " in text


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_each_finds_what_it_imports_as_the_command_runs_it(path):
    shell = os.environ | {"PYTHONPATH": re.search(r"PYTHONPATH=(\S+)", (FOLDER / "run").read_text())[1]}
    argv = [sys.executable, "-m", f"benchmarks.{path.stem}", "--help"]
    ended = subprocess.run(argv, cwd=CHECKOUT, env=shell, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()


def test_a_name_that_is_none_is_refused():
    ended = subprocess.run([FOLDER / "run", "nothing"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "no benchmark nothing" in ended.stderr


def test_quantiles_are_values_that_were_measured():
    values = [float(n) for n in range(100, 0, -1)]
    assert [table.quantile(values, part) for part in (0.5, 0.95, 1.0)] == [50.0, 95.0, 100.0]
    assert table.quantile([3.0], 0.5) == 3.0


def test_a_table_is_aligned(capsys):
    table.show("T", ("what", "s"), [("a", 1.234), ("longer", "–")])
    lines = ["", "T", "", "| what   |    s |", "| :----- | ---: |", "| a      | 1.23 |", "| longer |    – |"]
    assert capsys.readouterr().out.splitlines() == lines


def test_what_others_took_is_the_rest():
    before, after = noise.Used(10, 100, 20, 5), noise.Used(20, 118, 28, 6)
    said = noise.shares(before, after)
    assert "the machine 0.80 (8 s in all), the client 0.10, all else on the test host 0.90" in said


def test_a_look_counts_for_the_time_since_the_one_before():
    looks = [(0.010, "a"), (0.040, "b"), (0.050, "a")]
    assert noop.contributors(looks) == [("b", "30", "10–40"), ("a", "20", "0–50")]
    assert noop.timeline([(0.001, "a"), (0.002, "b"), (0.003, "b"), (0.015, "b"), (0.025, "a")]) == [
        ("b", "0"),
        ("a", "20"),
    ]


def test_only_200_is_a_good_answer(capsys):
    answers = [
        restart.Answer("login page", at, 0.5, code, 0.0)
        for at, code in [(0.0, "200"), (1.0, "503"), (2.5, "TimeoutError"), (3.0, "200")]
    ]
    restart.show("R", [*answers, *[restart.Answer(kind, 0.0, 0.1, "200", 0.0) for kind in list(restart.PATHS)[1:]]])
    row = next(line for line in capsys.readouterr().out.splitlines() if "login page" in line)
    assert [cell.strip() for cell in row.split("|")[2:6]] == ["4", "2", "1 × 503, 1 × TimeoutError", "1.0–2.5 s"]


def test_what_the_browser_had_kept_is_no_request():
    counted = loads.Counted()
    for number, url in enumerate(["https://x/lab", "https://x/kept.js", "https://x/disk.js", "data:image/png,x"]):
        counted.asks({"requestId": str(number), "request": {"url": url}})
    counted.has({"requestId": "1"})
    counted.answered({"requestId": "2", "response": {"url": "https://x/disk.js", "fromDiskCache": True}})
    here = {"url": "https://x/lab", "fromDiskCache": False, "headers": {"Cache-Control": "max-age=9, immutable"}}
    counted.answered({"requestId": "0", "response": here})
    for number, size in enumerate([1500.0, 0, 0]):
        counted.comes({"requestId": str(number), "dataLength": 4000})
        counted.finished({"requestId": str(number), "encodedDataLength": size})
    found = counted.load(seconds=2.0)
    assert found == loads.Load(1500, 4000, ("https://x/lab",), 2.0, frozenset(["https://x/lab"]))
    assert found.requests == 1


def test_the_first_load_is_told_as_a_part_of_what_its_server_sends(capsys):
    measured = {
        way: [loads.Load(size, 8, ("https://x/lab",), 2.0)] * 3
        for way, size in ((first_load.NGINX, 1), (first_load.PROXY, 4))
    }
    first_load.show(measured, measured, rounds=3)
    assert re.search(r"\| cold +\| +0\.25 \|", capsys.readouterr().out)
