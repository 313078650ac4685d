"""How much of the machine's memory the parts of an installation use.

    benchmarks/run memory [--rounds 4] [--process-manager plain]

Method: the machine was just booted. One person after the other (as many as there are rounds) logs in and starts a
server. A minute later, and again after each has run a cell in a kernel that stays, the proportional set sizes (PSS) of
all processes are read from the kernel: each process counts its share of shared pages, so that the sums are right. A
server consists of its processes in the container, without Docker's shim, which has its own row. The last line is the
memory that the whole machine needs for one more server, including the shim: the difference between the sums of PSS with
all servers and without any, divided by their number.
"""

import contextlib
import json
import time
from collections.abc import Callable

from benchmarks import machines, noise, table
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

IDLE = 60
Process = tuple[str, str, str, int]
"""Account, program, command line, bytes."""
PARTS: dict[str, Callable[[Process], bool]] = {
    "JupyterHub": lambda p: p[0] == "jupyterhub",
    "configurable-http-proxy": lambda p: p[0] == "jupyterhub-proxy",
    "nginx": lambda p: p[1] == "nginx",
    "dockerd": lambda p: p[1] == "dockerd",
    "containerd": lambda p: p[1] == "containerd",
    "supervisord": lambda p: "supervisord" in p[2],
}


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=4)
    count = arguments.rounds
    table.heading("Memory")
    with machines.installed_machine(arguments.process_manager) as machine, contextlib.ExitStack() as stack:
        machines.add_people(machine, count)
        with noise.watched(machine):
            clients = [stack.enter_context(logged_in(machine, name)) for name in machines.people(count)]
            time.sleep(IDLE)
            empty = processes(machine)
            for client in clients:
                client.start_server()
                client.open_server()
            time.sleep(IDLE)
            idle = processes(machine)
            for client in clients:
                machines.answer(stack.enter_context(client.kernel()))
            time.sleep(IDLE)
            busy = processes(machine)
    show(empty, idle, busy, count)


def logged_in(machine: Machine, name: str) -> HubClient:
    client = HubClient(f"https://{machine.address}/", verify=False)
    client.login(name, machines.PASSWORD)
    return client


def processes(machine: Machine) -> list[Process]:
    machine.push(machines.INSIDE / "pss.py", "/root/pss.py")
    return [(who, program, words, pss) for who, program, words, pss in json.loads(machine.run("python3 pss.py").out)]


def show(empty: list[Process], idle: list[Process], busy: list[Process], count: int) -> None:
    rows: list[tuple[str, ...]] = []
    for name, belongs in PARTS.items():
        sizes = [sum(p[3] for p in found if belongs(p)) for found in (empty, idle, busy)]
        if any(sizes):
            rows.append((name, *(megabytes(size) for size in sizes)))
    each = [[sum(p[3] for p in found if belongs(p)) / count for found in (idle, busy)] for belongs in (server, shim)]
    rows += [(name, "–", *map(megabytes, sizes)) for name, sizes in zip(("each server", "its shim"), each, strict=True)]
    more = [(total(found) - total(empty)) / count for found in (idle, busy)]
    rows.append(("all in all for one server", "–", *map(megabytes, more)))
    head = ("PSS in MB", "nobody", f"{count} idle servers", "each with a kernel")
    table.show("Memory", head, rows)


def server(process: Process) -> bool:
    return process[0] in machines.people(1000)


def shim(process: Process) -> bool:
    return process[1].startswith("containerd-shim")


def total(found: list[Process]) -> int:
    return sum(process[3] for process in found)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.1f}"


if __name__ == "__main__":
    main()
