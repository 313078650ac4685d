"""What the broker costs: the hub's calls of Docker through it, and past it.

    benchmarks/run broker [--rounds 30] [--process-manager plain]

Method: Docker's client for Python, with the hub's packages and as root, which may open both sockets, asks on Docker's
own and on the broker's in turns, each first in turn. Each call is one request; a start is three: create, start, remove
of a server that only sleeps. Milliseconds are medians inside the machine.
"""

import json
from pathlib import Path

from benchmarks import machines, noise, table
from harness.installed import PERSON
from hubinstall import layout

SCRIPT = Path(__file__).parent / "inside/docker_calls.py"
INSIDE = "/root/docker_calls.py"
SOCKETS = (layout.DOCKER_SOCKET, layout.BROKER_SOCKET)


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=30)
    table.heading("Calls of Docker")
    with machines.installed_machine(arguments.process_manager) as machine:
        machine.write(INSIDE, SCRIPT.read_text(encoding="utf-8"))
        python = ["env", f"PYTHONPATH={layout.HUBSIDE}", f"{layout.HUB_VENV}/bin/python3"]
        with noise.watched(machine):
            run = machine.run([*python, INSIDE, str(arguments.rounds), PERSON, *SOCKETS], timeout=1800)
        rows = []
        for kind, taken in json.loads(run.out).items():
            direct, through = (table.median(taken[path]) for path in SOCKETS)
            rows.append((kind, direct, through, through - direct, through / direct))
    table.show(f"Medians of {arguments.rounds}", ("call", "direct ms", "through ms", "more ms", "ratio"), rows)


if __name__ == "__main__":
    main()
