"""How long `hubinstall apply` takes if there is nothing to do, and where the time goes.

    benchmarks/run noop [--rounds 15] [--process-manager plain]

Method: on an installed machine where a first apply has found nothing to do, `hubinstall apply` alternates with
`python3 -c pass` (the cost of any Python program) and `docker info` (the cost of one request to Docker), all started by
a program inside the machine; the results are medians. Ratios are valid on a busy machine, seconds are not. The
processor seconds of a command and its children vary less than its wall time.

The profile is one more run per table, with a timer that samples the main thread every millisecond: it is somewhat
slower than an undisturbed run. `between` is when this was first and last seen; children run in parallel.
"""

import json
from collections import Counter

from benchmarks import machines, noise, table
from harness.machine import Machine

PYTHON = "/opt/hubinstall/installer/bin/python"
COMMANDS = {
    "hubinstall apply": ["hubinstall", "apply"],
    "hubinstall plan": ["hubinstall", "plan"],
    "python3 -c pass": ["python3", "-c", "pass"],
    "docker info": ["docker", "info"],
}
STEP = 10
"""The milliseconds of a row of the timeline."""


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=15)
    table.heading("No-op apply")
    with machines.installed_machine(arguments.process_manager) as machine:
        machine.run(["hubinstall", "apply"])
        with noise.watched(machine):
            compare(machine, arguments.rounds)
        profile(machine)


def compare(machine: Machine, rounds: int) -> None:
    taken = alternate(machine, rounds, COMMANDS)
    base = table.median(taken["python3 -c pass"]["wall"])
    rows = [
        (name, *(whole(1000 * seconds) for seconds in (*spread(t["wall"]), table.median(t["cpu"]))),
         table.median(t["wall"]) / base)
        for name, t in taken.items()
    ]  # fmt: skip
    head = ("command", "least ms", "median ms", "most ms", "processor ms", "× python3")
    table.show(f"Medians of {rounds} runs in turns", head, rows)


def alternate(machine: Machine, rounds: int, commands: dict[str, list[str]]) -> dict[str, dict[str, list[float]]]:
    """Name → `wall` and `cpu` seconds of each run; see inside/alternate.py."""
    machine.push(machines.INSIDE / "alternate.py", "/root/alternate.py")
    argv = ["python3", "/root/alternate.py", str(rounds), json.dumps(commands)]
    taken: dict[str, dict[str, list[float]]] = json.loads(machine.run(argv, timeout=3600).out)
    return taken


def profile(machine: Machine) -> None:
    machine.push(machines.INSIDE / "where.py", "/root/where.py")
    argv = [PYTHON, "/root/where.py", "apply"]
    runs = [json.loads(machine.run(argv).out) for _ in range(5)]
    run = sorted(runs, key=lambda run: float(run["took"]))[len(runs) // 2]
    title = f"Where the time goes: the middle one of {len(runs)} runs, {1000 * run['took']:.0f} ms after Python's start"
    table.show(title, ("what hubinstall does", "ms", "between"), contributors(run["looks"]))
    children = sorted(run["children"], key=lambda child: float(child[1]))
    rows = [(shortened(words), whole(1000 * began), whole(1000 * took)) for words, began, took in children]
    table.show("Child processes", ("command", "from ms", "for ms"), rows)
    table.show(f"Each {STEP} ms", ("what it does most", "from ms"), timeline(run["looks"]))


def contributors(looks: list[tuple[float, str]]) -> list[tuple[str, str, str]]:
    """A sample stands for the time since the previous one."""
    spent: Counter[str] = Counter()
    seen: dict[str, list[float]] = {}
    before = 0.0
    for at, doing in looks:
        spent[doing] += at - before  # type: ignore[assignment]  # a Counter of seconds
        seen.setdefault(doing, [before, at])[1] = at
        before = at
    return [
        (doing, whole(1000 * took), "–".join(whole(1000 * at) for at in seen[doing]))
        for doing, took in spent.most_common(25)
    ]


def timeline(looks: list[tuple[float, str]]) -> list[tuple[str, str]]:
    """The most frequent sample of each row; equal neighbouring rows are merged."""
    rows: dict[int, Counter[str]] = {}
    for at, doing in looks:
        rows.setdefault(int(1000 * at) // STEP, Counter())[doing] += 1
    found: list[tuple[str, str]] = []
    for number, counted in sorted(rows.items()):
        doing = counted.most_common(1)[0][0]
        if not found or found[-1][0] != doing:
            found.append((doing, str(STEP * number)))
    return found


def spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), table.median(values), max(values)


def whole(value: float) -> str:
    return f"{value:.0f}"


def shortened(words: str, width: int = 70) -> str:
    return words if len(words) <= width else words[: width - 1] + "…"


if __name__ == "__main__":
    main()
