"""A restart of the hub as people experience it: how many of 50 requests a second fail, and how.

    benchmarks/run restart [--rounds 3] [--process-manager plain]

Method: one person's server is running. Fifty requests a second are sent, each on time even if earlier ones are
unanswered, in turn to the login page, to a page of the running server (with the person's cookies), and to the hub's API
(the person's own model). After five seconds `hubinstall restart jupyterhub` restarts the hub; requests continue for
fifteen seconds after that command has ended. Redirects are not followed. A response with 200 within 30 s counts as
good. The wait is the time from the request's scheduled time to its response. The client has priority over everything
else on the test host (nice -15): the load must keep its rate, and needs little time (connections.py).
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks import machines, noise, table
from benchmarks.connections import Connections
from harness.installed import PERSON
from harness.machine import Machine
from hubinstall.verify.client.hub import PAGE, HubClient

RATE = 50
BEFORE = 5.0
AFTER = 15.0
LIMIT = 30.0
PATHS = {
    "login page": "hub/login",
    "running server": f"user/{PERSON}/lab",
    "hub's API": "hub/api/user",
}


@dataclass(frozen=True)
class Answer:
    """`at`: seconds since the start; `wait`: seconds until the response; `code`: the status code, or why there is none;
    `late`: how many seconds too late the client sent the request; `wait` includes them.
    """

    kind: str
    at: float
    wait: float
    code: str
    late: float


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    table.heading(f"A restart of the hub under {RATE} requests a second")
    with (
        machines.installed_machine(arguments.process_manager) as machine,
        HubClient(f"https://{machine.address}/", verify=False) as client,
    ):
        client.login(PERSON, machines.PASSWORD)
        client.start_server()
        client.open_server()
        with noise.watched(machine):
            for number in range(arguments.rounds):
                with machines.on(machines.client_cores()), machines.first():
                    answers, took = asyncio.run(restart(machine, client))
                show(f"Restart {number + 1}, whose command took {took:.1f} s", answers)


async def restart(machine: Machine, client: HubClient) -> tuple[list[Answer], float]:
    """The responses, and how many seconds the command took."""
    cookies = {kind: {"Cookie": client.cookies_for(path)} for kind, path in PATHS.items()}
    cookies["login page"] = {}
    over = asyncio.Event()
    http = Connections(machine.address, client.context)
    sender = asyncio.create_task(send(http, cookies, over))
    await asyncio.sleep(BEFORE)
    began = time.perf_counter()
    # Without the client's priority.
    await asyncio.to_thread(machine.run, ["nice", "-n", "15", "hubinstall", "restart", "jupyterhub"])
    took = time.perf_counter() - began
    await asyncio.sleep(AFTER)
    over.set()
    answers = await sender
    http.close()
    return answers, took


async def send(http: Connections, cookies: dict[str, dict[str, str]], over: asyncio.Event) -> list[Answer]:
    began = time.perf_counter()
    kinds = list(PATHS)
    tasks: list[asyncio.Task[Answer]] = []
    while not over.is_set():
        at = len(tasks) / RATE
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        kind = kinds[len(tasks) % len(kinds)]
        tasks.append(asyncio.create_task(ask(http, kind, cookies[kind], began, at)))
    return await asyncio.gather(*tasks)


async def ask(http: Connections, kind: str, cookies: dict[str, str], began: float, at: float) -> Answer:
    late = time.perf_counter() - began - at
    try:
        async with asyncio.timeout(LIMIT):
            code = str(await http.get(f"/{PATHS[kind]}", PAGE | cookies))
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
        code = type(error).__name__
    return Answer(kind, at, time.perf_counter() - began - at, code, late)


def show(title: str, answers: list[Answer]) -> None:
    rows = []
    for kind in PATHS:
        these = [answer for answer in answers if answer.kind == kind]
        bad = [answer for answer in these if answer.code != "200"]
        codes = Counter(answer.code for answer in bad)
        waits = [answer.wait for answer in these]
        span = f"{bad[0].at:.1f}–{bad[-1].at:.1f} s" if bad else "–"
        said = ", ".join(f"{count} × {code}" for code, count in codes.most_common()) or "–"
        rows.append((kind, len(these), len(bad), said, span, table.median(waits), max(waits)))
    head = ("requests to", "sent", "failed", "with", "between", "median wait s", "longest wait s")
    table.show(title, head, rows)
    print(f"\nThe client was at most {max(answer.late for answer in answers):.2f} s late to send a request.")


if __name__ == "__main__":
    main()
