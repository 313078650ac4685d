"""Logins while somebody guesses passwords, and a class that logs in at once, all from one address.

    benchmarks/run login [--rounds 10] [--process-manager plain]

Method: a class of 60 behind one address logs in at once, each with a browser's requests: the form, its POST, the page
after it; every third person mistypes the password first. The result is when the last of them was logged in. Then
correct logins, alone and during wrong ones: 50 a second, each sent on time even if earlier ones are unanswered, to one
account, to 30 accounts in turn, and to names that do not exist. Before each measurement the hub is restarted, which
resets its counts, and the guesser starts two seconds earlier. Different people log in each time. The client has
priority over everything else on the test host (nice -15): the load must keep its rate, and needs little time
(connections.py).
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from benchmarks import machines, noise, table
from benchmarks.connections import Connections
from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import PAGE, HubClient, tls_context

RATE = 50
AHEAD = 2.0
PATIENCE = 120.0
CLASS, GUESSED = 60, 30
GUESSES: dict[str, Callable[[int], str]] = {
    "one account": lambda _: "p00001",
    "30 accounts": lambda number: f"p{number % GUESSED + 1:05}",
    "made-up names": lambda number: f"nobody{number}",
}


class Guesser:
    """Sends wrong logins within `at_work`; `sent` a second, and the status codes of the responses."""

    def __init__(self, machine: Machine, name: Callable[[int], str]) -> None:
        self._machine, self._name = machine, name
        self._over = threading.Event()
        self.codes: Counter[str] = Counter()
        self.sent = 0.0

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(asyncio.run, self._send())
            try:
                time.sleep(AHEAD)
                yield
            finally:
                self._over.set()
            work.result()

    async def _send(self) -> None:
        with client_of(self._machine) as client:
            client.login_page()
            # The hub also checks that the form comes back with the headers of the request that got it.
            headers = {**client._http.headers, **PAGE, "Cookie": client.cookies_for("hub/login")}
            token = client._xsrf("hub/login")
        http = Connections(self._machine.address, tls_context(verify=False))
        tasks: list[asyncio.Task[None]] = []
        began = time.perf_counter()
        while not self._over.is_set():
            number = len(tasks)
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            form = {"username": self._name(number), "password": f"wrong-{number}", "_xsrf": token}
            tasks.append(asyncio.create_task(self._guess(http, headers, urlencode(form))))
        self.sent = len(tasks) / (time.perf_counter() - began)
        await asyncio.gather(*tasks)
        http.close()

    async def _guess(self, http: Connections, headers: dict[str, str], form: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                code = str(await http.post("/hub/login", headers, form))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            code = type(error).__name__
        self.codes[code] += 1


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=10)
    table.heading(f"Logins beside {RATE} bad ones a second")
    with machines.installed_machine(arguments.process_manager) as machine:
        machines.add_people(machine, CLASS + (len(GUESSES) + 1) * arguments.rounds)
        with noise.watched(machine), machines.on(machines.client_cores()):
            last = at_once(machine)
        print(f"\nA class of {CLASS} at once, {CLASS // 3} of them mistype first: the last is in after {last:.1f} s.")
        good = machines.people(CLASS + (len(GUESSES) + 1) * arguments.rounds)[CLASS:]
        rows = []
        with noise.watched(machine), machines.on(machines.client_cores()):
            for kind in ("none", *GUESSES):
                names, good = good[: arguments.rounds], good[arguments.rounds :]
                rows.append(beside(machine, kind, names))
        head = ("bad logins", "a second", "answered with", "good ones", "median s", "longest s")
        table.show("A good login", head, rows)


def beside(machine: Machine, kind: str, names: list[str]) -> tuple[object, ...]:
    machine.run(["hubinstall", "restart", "jupyterhub"])
    installed.wait_for_login_page(machine)
    guesser = Guesser(machine, GUESSES.get(kind, str))
    with machines.first(), guesser.at_work() if kind in GUESSES else contextlib.nullcontext():
        times = [login(machine, name) for name in names]
    said = ", ".join(f"{count} × {code}" for code, count in guesser.codes.most_common()) or "–"
    return kind, guesser.sent, said, len(times), table.median(times), max(times)


def at_once(machine: Machine) -> float:
    """Seconds until all are logged in."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CLASS) as pool:
        list(pool.map(lambda number: comes_in(machine, number), range(CLASS)))
    return time.perf_counter() - began


def comes_in(machine: Machine, number: int) -> None:
    name = machines.people(CLASS)[number]
    if number % 3 == 0:
        with contextlib.suppress(HubError):
            login(machine, name, machines.PASSWORD.upper())
    login(machine, name)


def login(machine: Machine, name: str, password: str = machines.PASSWORD) -> float:
    """How many seconds it took, from the form to the page after it."""
    with client_of(machine) as client:
        began = time.perf_counter()
        client.login(name, password)
        return time.perf_counter() - began


def client_of(machine: Machine) -> HubClient:
    return HubClient(f"https://{machine.address}/", verify=False, timeout=PATIENCE)


if __name__ == "__main__":
    main()
