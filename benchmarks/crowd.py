"""How many people a machine can serve at once: login, server, kernel and a cell, all starting at the same moment.

    benchmarks/run crowd [--people 1,10,60,100] [--rounds 1] [--process-manager plain]

Method: the accounts exist and have empty homes; nobody has logged in since the machine was booted. Each person is a
thread of one program with a connection of its own: the login form, the POST that starts a server, waiting for it as the
spawn page does, the server's page, a kernel and its websocket, a cell. Nobody gives up within ten minutes. The first
table shows when a phase was done, in seconds since the common start: `last` is when the last person was done. The
second table shows how long the phase itself took for a person. After each crowd all servers are stopped. If the test
host has more than two cores, the machine gets two and the client the others; on two cores both share them. The core
usage of the machine and of the client is printed.
"""

import argparse
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks import machines, noise, table
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient, tls_context

PATIENCE = 600.0
PHASES = ("login", "server", "kernel", "cell")


@dataclass
class Person:
    """Phase → when it was done, in seconds since the start; `failure` names the phase that failed."""

    name: str
    done: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    def took(self, phase: str) -> float:
        before = PHASES[PHASES.index(phase) - 1] if phase != PHASES[0] else ""
        return self.done[phase] - self.done.get(before, 0.0)


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=1, extend=with_people)
    table.heading("People at once")
    with machines.installed_machine(arguments.process_manager) as machine:
        counts = [int(number) for number in arguments.people.split(",") for _ in range(arguments.rounds)]
        machines.add_people(machine, max(counts))
        for count in counts:
            with noise.watched(machine), machines.on(machines.client_cores()):
                crowd = at_once(machine, count)
            show(count, crowd)
            stop_all(machine, crowd)


def with_people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", default="1,10,60,100", help="how many, one crowd after the other (1,10,60,100)")


def at_once(machine: Machine, count: int) -> list[Person]:
    context = tls_context(verify=False)
    crowd = [Person(name) for name in machines.people(count)]
    begin = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda person: live(HubClient(
            f"https://{machine.address}/", verify=context, timeout=PATIENCE), person, begin), crowd))  # fmt: skip
    return crowd


def live(client: HubClient, person: Person, begin: threading.Barrier) -> None:
    phase = PHASES[0]
    begin.wait()
    began = time.perf_counter()

    def done() -> None:
        person.done[phase] = time.perf_counter() - began

    try:
        with client:
            client.login(person.name, machines.PASSWORD)
            done()
            phase = "server"
            client.start_server(PATIENCE)
            done()
            phase = "kernel"
            with client.kernel(timeout=PATIENCE) as kernel:
                done()
                phase = "cell"
                machines.answer(kernel, PATIENCE)
                done()
    except HubError as error:
        person.failure = f"{phase}: {error}".replace(person.name, "NAME")


def show(count: int, crowd: list[Person]) -> None:
    good = sum(not person.failure for person in crowd)
    head = ("phase", "people", "p50 s", "p95 s", "last s")
    for title, seconds in (
        (f"{count} at once, {good} of {count} to the end: done after", lambda person, phase: person.done[phase]),
        ("What the phase took a person", Person.took),
    ):
        rows = []
        for phase in PHASES:
            times = [seconds(person, phase) for person in crowd if phase in person.done]
            spread = [table.quantile(times, part) for part in (0.5, 0.95, 1.0)] if times else ["–"] * 3
            rows.append((phase, len(times), *spread))
        table.show(title, head, rows)
    for failure, often in Counter(person.failure for person in crowd if person.failure).most_common(10):
        print(f"\n{often} × {failure}")


def stop_all(machine: Machine, crowd: list[Person]) -> None:
    """Stop them through the hub, as an administrator would."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda person: stop(machine, person), crowd))


def stop(machine: Machine, person: Person) -> None:
    with HubClient(f"https://{machine.address}/", verify=False, timeout=PATIENCE) as client:
        client.login(person.name, machines.PASSWORD)
        client.stop_server(PATIENCE)


if __name__ == "__main__":
    main()
