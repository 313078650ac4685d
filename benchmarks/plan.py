"""How long `hubinstall plan` takes if there is much to check: 1 000 shares, 10 000 accounts.

    benchmarks/run plan [--rounds 3] [--process-manager plain]

Method: the accounts are written to /etc/passwd and the related files, with empty homes. The shares are written to
config.yaml but not applied: each share is a difference to plan, and each home is checked for each share. Seconds are
the median of the runs inside the machine, `memory` is the maximum of a run, `processor` includes the child processes.
"""

import json

from benchmarks import machines, noise, table
from benchmarks.noop import alternate
from harness.machine import Machine

CASES = ((0, 100), (1000, 100), (0, 10_000), (1000, 10_000))
CONFIG = "/etc/hubinstall/config.yaml"


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    table.heading("Plan")
    rows = []
    with machines.installed_machine(arguments.process_manager) as machine:
        before = machine.read(CONFIG)
        with noise.watched(machine):
            for shares, accounts in CASES:
                machines.add_people(machine, accounts)
                machine.write(CONFIG, f"{before}{block(shares)}")
                rows.append((shares, accounts, *measure(machine, arguments.rounds)))
    head = ("shares", "accounts", "changes", "seconds", "processor s", "memory MB")
    table.show(f"Medians of {arguments.rounds}", head, rows)


def block(shares: int) -> str:
    lines = [f"  course-{number}: {{access: read-only}}\n" for number in range(1, shares + 1)]
    return "".join(["shares:\n", *lines]) if shares else ""


def measure(machine: Machine, rounds: int) -> tuple[int, float, float, str]:
    taken = alternate(machine, rounds, {"plan": ["hubinstall", "plan"]})["plan"]
    changes = len(json.loads(machine.run(["hubinstall", "plan", "--json"], timeout=1800).out)["changes"])
    most = f"{max(taken['memory']) / 1024:.0f}"
    return changes, table.median(taken["wall"]), table.median(taken["cpu"]), most


if __name__ == "__main__":
    main()
