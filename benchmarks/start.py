"""The start of one server, compared with a vanilla hub (vanilla.py) on the same machine with the same image.

    benchmarks/run start [--rounds 9] [--process-manager plain]

Method: one person is logged in at both hubs. In alternating order each hub starts the server and stops it again. The
first result is the time from the POST that starts the server to the event that says that it is ready, as on the spawn
page. The second is the time from that POST to the output of the first cell (page opened, kernel started, websocket,
cell): how long a person waits after a click on Start. The third, `processor`, is the core time of everything on the
machine meanwhile, which a busy test host hardly changes. One round at each hub is done before and does not count. The
ratio compares the medians; it is valid on a busy machine, seconds are not.
"""

import time
from dataclasses import dataclass, field

from benchmarks import machines, noise, table, vanilla
from harness.installed import PERSON
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

FIGURES = ("ready", "result", "processor")


@dataclass
class Taken:
    """Seconds, one value per round."""

    ready: list[float] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=9)
    table.heading("One server's start")
    with machines.installed_machine(arguments.process_manager) as machine, vanilla.hub(machine) as beside:
        hubs = {"hubinstall": f"https://{machine.address}/", "vanilla SystemUserSpawner": beside}
        clients = {name: HubClient(url, verify=False) for name, url in hubs.items()}
        for client in clients.values():
            client.login(PERSON, machines.PASSWORD)
        with noise.watched(machine):
            taken = in_turns(machine, clients, arguments.rounds)
    ours, theirs = taken.values()
    rows = [
        (f"{what}: {name}", min(values), table.median(values), max(values))
        for what in FIGURES
        for name, values in ((name, getattr(t, what)) for name, t in taken.items())
    ]
    title = f"Seconds from the POST; {arguments.rounds} starts in turns"
    table.show(title, ("", "least", "median", "most"), rows)
    ratios = [(what, table.median(getattr(ours, what)) / table.median(getattr(theirs, what))) for what in FIGURES]
    table.show("Ratio of the medians", ("", "ours / vanilla"), ratios)


def in_turns(machine: Machine, clients: dict[str, HubClient], rounds: int) -> dict[str, Taken]:
    taken = {name: Taken() for name in clients}
    names = list(clients)
    for number in range(rounds + 1):
        for name in names if number % 2 else reversed(names):
            before = noise.machine_seconds(machine)
            ready, result = start(clients[name])
            processor = noise.machine_seconds(machine) - before
            stop(clients[name])
            if number:
                taken[name].ready.append(ready)
                taken[name].result.append(result)
                taken[name].processor.append(processor)
    return taken


def start(client: HubClient) -> tuple[float, float]:
    """Start a server and run a cell; the seconds from the POST until the server was ready, and until the output."""
    began = time.perf_counter()
    client.start_server()
    ready = time.perf_counter() - began
    with client.kernel() as kernel:
        machines.answer(kernel)
        result = time.perf_counter() - began
    return ready, result


def stop(client: HubClient) -> None:
    client.stop_server()
    time.sleep(1)  # Docker cleans up after it has answered


if __name__ == "__main__":
    main()
