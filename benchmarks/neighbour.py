"""What one person waits while another does their worst: a cell a second, beside one bomb after the other.

    benchmarks/run neighbour [--seconds 60] [--rounds 1] [--bombs fork,memory] [--process-manager plain]

Method: two people have a server each. One runs `print(6 * 7)` once a second, in one kernel and through one websocket;
the wait is from the second at which the cell should have been sent to its last message, so that a cell that comes
late makes the next ones wait, too. Meanwhile a third person logs in every two seconds (login page, password, home
page, each time in a new session). The other runs each bomb for so many seconds, by a program that a cell starts,
after which their server is stopped and started again. `none` comes first and last: what the neighbour waits beside an
idle server. The target is a 99th percentile of at most 1 s beside every bomb. The machine as a whole comes before all
else on the test host. On two cores client, machine and everything else on the test host share them: the lines below
the table say who used how much.
"""

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks import machines, noise, table
from harness.installed import PERSON
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

NONE, STARTS = "none", "start-stop"
BOMBS = {
    NONE: "sleep 9999",
    "fork": "b() { b | b & }; while :; do b; sleep 0.1; done",
    "memory": "while :; do python3 -c 'held = [bytearray(1 << 24) for _ in range(10000)]'; done",
    "tmpfs": "while :; do for n in 1 2 3 4; do cat /dev/zero > /tmp/$n & done; wait; rm -f /tmp/[1-4]; done",
    "log": "for n in 1 2 3 4; do yes 'a line that says nothing' > /proc/1/fd/1 & done; wait",
    "open files": "for n in $(seq 50); do python3 -c '"
    'import os, time; held = [os.open("/dev/null", 0) for _ in range(16000)]; time.sleep(999)\' & done; wait',
    "cpu": "for n in $(seq 16); do yes > /dev/null & done; wait",
    "disk": "while :; do dd if=/dev/zero of=$HOME/bomb bs=1M count=300 conv=fsync; rm $HOME/bomb; done",
    "small files": "while :; do mkdir $HOME/many; cd $HOME/many; seq 20000 | xargs touch; sync; cd; rm -r many; done",
    STARTS: "",
}
"""Each is what a shell in the server runs until it is killed, or the client does itself."""
LIMIT = 300.0


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=1, extend=with_bombs)
    chosen = arguments.bombs.split(",") if arguments.bombs else [*BOMBS, NONE]
    table.heading(f"A cell a second beside a bomb, {arguments.seconds} s each")
    bomber, late = machines.people(2)
    with machines.installed_machine(arguments.process_manager) as machine:
        machines.add_people(machine, 2)
        with logged_in(machine, PERSON) as person, logged_in(machine, bomber) as other, person.kernel() as kernel:
            door = door_of(machine, late)
            for number in range(arguments.rounds):
                with noise.watched(machine), machines.before_others(machine):
                    rows = [row(bomb, *beside(kernel, other, bomb, door, arguments.seconds)) for bomb in chosen]
                head = ("bomb", "cells", "median s", "p99 s", "longest s", "logins", "median s", "longest s")
                table.show(f"Round {number + 1}", head, rows)


def with_bombs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=int, default=60, help="for each bomb (default 60)")
    parser.add_argument("--bombs", default="", help=f"only these, of {', '.join(BOMBS)}")


@contextlib.contextmanager
def logged_in(machine: Machine, name: str) -> Iterator[HubClient]:
    with HubClient(f"https://{machine.address}/", verify=False, timeout=LIMIT) as client:
        client.login(name, machines.PASSWORD)
        client.start_server()
        yield client


def beside(
    kernel: Kernel, other: HubClient, bomb: str, login: Callable[[], None], seconds: int
) -> tuple[list[float], list[float]]:
    """What each of the cells and each of the logins waited, in seconds, while the bomb went off."""
    over = threading.Event()
    work = threading.Thread(target=starts_and_stops if bomb == STARTS else goes_off, args=(other, bomb, over))
    cells: list[float] = []
    logins: list[float] = []
    door = threading.Thread(target=logs_in, args=(login, over, logins))
    work.start()
    door.start()
    with machines.first():
        began = time.perf_counter()
        for number in range(seconds):
            time.sleep(max(0.0, began + number - time.perf_counter()))
            machines.answer(kernel, LIMIT)
            cells.append(time.perf_counter() - began - number)
    over.set()
    work.join()
    door.join()
    other.stop_server(LIMIT)
    other.start_server()
    return cells, logins


def logs_in(login: Callable[[], None], over: threading.Event, waits: list[float]) -> None:
    while not over.wait(2):
        began = time.perf_counter()
        login()
        waits.append(time.perf_counter() - began)


def door_of(machine: Machine, name: str) -> Callable[[], None]:
    """A login of this person, from the login page to the home page, in a session that ends with it."""

    def login() -> None:
        with HubClient(f"https://{machine.address}/", verify=False, timeout=LIMIT) as client:
            client.login(name, machines.PASSWORD)

    return login


def goes_off(client: HubClient, bomb: str, over: threading.Event) -> None:
    """Start it, and return when it is over; what becomes of the bomber's own kernel is all the same."""
    run = ["setsid", "sh", "-c", f"({BOMBS[bomb]}) 2>/dev/null"]
    with contextlib.suppress(HubError), client.kernel() as kernel:
        kernel.execute(f"import subprocess; subprocess.Popen({run!r})", LIMIT)
        over.wait()


def starts_and_stops(client: HubClient, _bomb: str, over: threading.Event) -> None:
    while not over.is_set():
        with contextlib.suppress(HubError):
            client.stop_server(LIMIT)
            client.start_server()


def row(bomb: str, cells: list[float], logins: list[float]) -> tuple[object, ...]:
    print(f"{bomb}: {' '.join(f'{wait:.2f}' for wait in cells)}", file=sys.stderr)
    print(f"{bomb}, logins: {' '.join(f'{wait:.2f}' for wait in logins)}", file=sys.stderr)
    own = (len(cells), table.median(cells), table.quantile(cells, 0.99), max(cells))
    return bomb, *own, len(logins), table.median(logins), max(logins)


if __name__ == "__main__":
    main()
