"""A small package for everybody: `hubinstall environment add`, in seconds and by part; and the way back.

    benchmarks/run environment [--rounds 3] [--process-manager plain]

Method: each round adds one more small package to those of the rounds before, and then takes it back and forth with
`undo`, which builds nothing. The parts are read from the log. Python packages come from a cache that is warm from the
second run on. Processor seconds are those of everything on the machine, which hardly grow with other work on the test
host: two cores need at least half of that time.
"""

import itertools
import re
import time
from datetime import datetime

from benchmarks import machines, noise, table
from harness.machine import Machine

PACKAGES = ("humanize", "emoji", "pyfiglet", "roman", "inflect", "tinydb")
LOG = "/var/log/hubinstall/hubinstall.log"
BEGINS = {
    "versions": "", "looks": "run: hubinstall", "build": r"\$ docker run --interactive --name hubinstall-build",
    "image": r"\$ docker commit", "trial": r"\$ docker run --interactive --name hubinstall-build\S* --network=none",
    "copy and name": r"\$ bash -o pipefail -c rm -f", "hub": "(create|change)  image-layer",
    "verify": "verify: services", "end": "verify: a person",
}  # fmt: skip
"""Part → the beginning of the line of the log with which it begins, as a regular expression."""


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    table.heading("A package for everybody")
    rows, parts = [], []
    with machines.installed_machine(arguments.process_manager) as machine, noise.watched(machine):
        for package in PACKAGES[: arguments.rounds]:
            rows.append((f"add {package}", *measure(machine, "add", package)))
            parts.append(by_part(machine, rows[-1][1]))
            rows += [("undo", *measure(machine, "undo")), ("undo of the undo", *measure(machine, "undo"))]
    table.show("Each command", ("", "seconds", "processor s"), rows)
    medians = [(part, table.median(one.get(part, 0.0) for one in parts)) for part in BEGINS]
    table.show("Parts of `add`, medians", ("part", "seconds"), medians)


def measure(machine: Machine, *words: str) -> tuple[float, float]:
    """Seconds, and processor seconds."""
    used, began = noise.machine_seconds(machine), time.monotonic()
    machine.run(["hubinstall", "environment", *words], timeout=1800)
    return time.monotonic() - began, noise.machine_seconds(machine) - used


def by_part(machine: Machine, total: float) -> dict[str, float]:
    """Part → seconds of the last run. What comes before the log begins is the rest of `total`."""
    lines = machine.read(LOG).rpartition("run: hubinstall")
    text = f"{lines[0].splitlines()[-1]}{lines[1]}{lines[2]}"
    starts: dict[str, float] = {}
    for line in text.splitlines():
        stamp, _, said = line.partition(" ")
        for part, begins in BEGINS.items():
            if begins and part not in starts and re.match(begins, said):
                starts[part] = datetime.fromisoformat(stamp).timestamp()
    names = list(starts)
    found = {name: starts[after] - starts[name] for name, after in itertools.pairwise(names)}
    return found | {"versions": total - sum(found.values())}


if __name__ == "__main__":
    main()
