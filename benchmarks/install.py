"""A cold install by its parts, compared with the bare commands for the same components, one after the other.

    benchmarks/run install [--rounds 3]

Method: each round uses two fresh machines (Debian with systemd and nothing else), one after the other, in alternating
order: one runs the README's command, the other bare-install.sh. Both use the same package mirrors and the same uv
cache, which is warm from the second round on and kept between runs of the test suite. The times of our parts come from
the command's output; the parts overlap, so their sum is not a time. The time of `verify` at the end is counted
separately, because nobody who types the commands does that. The ratio compares the medians without it. Processor
seconds are those of everything on the machine: two cores need at least half of that time.
"""

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks import machines, noise, table
from harness.installed import readmes_command
from harness.machine import Machine
from harness.nspawn import ProcessManager

CHECKOUT = "/root/hubinstall"
STEP = re.compile(r"^(?:create|change)\s+(\S+)\s+([\d.]+) s$")
LEAST = 0.5
"""Seconds; steps that took less share one line."""


@dataclass
class Taken:
    """Seconds: in total, of the check at the end, of all processors, of each part; and when each part ended."""

    total: float = 0.0
    verify: float = 0.0
    processor: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    if arguments.process_manager is not ProcessManager.SYSTEMD:
        sys.exit("install: the bare commands are for a machine with systemd")
    table.heading("Cold install")
    ours: list[Taken] = []
    bare: list[Taken] = []
    for number in range(arguments.rounds):
        for measure, taken in [(install, ours), (type_commands, bare)][:: 1 if number % 2 == 0 else -1]:
            with machines.on(machines.server_cores()), Machine(ProcessManager.SYSTEMD) as machine:
                machine.push_checkout()
                with noise.watched(machine):
                    before = noise.machine_seconds(machine)
                    taken.append(measure(machine))
                    taken[-1].processor = noise.machine_seconds(machine) - before
    show(ours, bare)


Run = Callable[[], Taken]


def install(machine: Machine) -> Taken:
    """Run the README's command."""
    return followed(machine, f"{readmes_command()} --verbose")


def followed(machine: Machine, command: str) -> Taken:
    """Run a command that installs; each line of its output gets its time."""
    taken = Taken()
    began = time.perf_counter()
    checked = 0.0
    with machine.background(f"{{ {command}; }} 2>&1") as process:
        assert process.stdout is not None
        output = []
        for raw in process.stdout:
            line, now = raw.decode(errors="replace").rstrip(), time.perf_counter() - began
            output.append(line)
            if step := STEP.match(line):
                taken.parts[kind(step[1])] = taken.parts.get(kind(step[1]), 0.0) + float(step[2])
                taken.ends[kind(step[1])] = now
            elif line.startswith("verify:"):
                checked = checked or now
            elif checked and not taken.verify:
                taken.verify = now - checked
        code = process.wait()
    taken.total = time.perf_counter() - began
    if code:
        raise RuntimeError("the installation failed:\n" + "\n".join(output[-30:]))
    return taken


def kind(step: str) -> str:
    """A step's id, without the digest in its path."""
    return re.sub(r"[-/][0-9a-f]{12,16}$", "", step)


def type_commands(machine: Machine) -> Taken:
    began = time.perf_counter()
    output = machine.run(["sh", f"{CHECKOUT}/benchmarks/bare-install.sh", CHECKOUT], timeout=3600).out
    taken = Taken(time.perf_counter() - began)
    for line in output.splitlines():
        part, _, seconds = line.rpartition("\t")
        taken.parts[part] = float(seconds)
    return taken


def show(ours: list[Taken], bare: list[Taken]) -> None:
    rounds = f"median of {len(ours)}"
    rows = [(part, seconds) for part, seconds in medians([t.parts for t in bare]).items()]
    table.show("The bare commands, one after the other", ("part", f"s, {rounds}"), rows)
    parts, ends = medians([t.parts for t in ours]), medians([t.ends for t in ours])
    long = [(part, seconds, ends[part]) for part, seconds in parts.items() if seconds >= LEAST]
    short = [seconds for seconds in parts.values() if seconds < LEAST]
    rows_of_ours = [*sorted(long, key=lambda row: row[2]), (f"{len(short)} shorter ones", sum(short), "–")]
    table.show("hubinstall, much of it at the same time", ("part", f"s, {rounds}", "done after s"), rows_of_ours)
    checks = [t.verify for t in ours]
    totals = {
        "hubinstall without verify": [t.total - t.verify for t in ours],
        "verify": checks,
        "the bare commands": [t.total for t in bare],
        "processors: hubinstall with verify": [t.processor for t in ours],
        "processors: the bare commands": [t.processor for t in bare],
    }
    table.rounds(totals)
    without, _, typed, *_ = (table.median(values) for values in totals.values())
    print(f"\nRatio of the medians: {without / typed:.2f}")


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        for part, seconds in run.items():
            found[part].append(seconds)
    return {part: table.median(seconds) for part, seconds in found.items()}


if __name__ == "__main__":
    main()
