"""JupyterLab's first load in a real browser: bytes, requests, and seconds until it can be used.

    benchmarks/run first_load [--rounds 3] [--process-manager plain]

Method: one person's server is running. Headless Chromium with an empty cache logs in and opens /user/NAME/lab twice:
the first load is cold, the second load, in the same browser, is warm. The loads go in alternating order through nginx
(https, HTTP/2) and directly to the proxy (plain http to its socket, through a relay inside the machine). Bytes are
those of the responses on the wire, including headers (Chrome DevTools Protocol: encodedDataLength); cached responses
count neither as requests nor in bytes. Usable means that the launcher is visible; bytes are counted until no more
arrive. Chromium is told to trust the machine's certificate, because it caches nothing from a site with an untrusted
one. Ratios are valid on a busy machine, seconds are not.
"""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser

from benchmarks import machines, noise, table
from harness import loads
from harness.browser import chromium
from harness.installed import PERSON
from harness.loads import Load
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

PORT = 9100
SOCKET = "/run/hubinstall/proxy-public/public.sock"
NGINX, PROXY = "through nginx", "straight at the proxy"


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    table.heading("JupyterLab's first load")
    with (
        machines.installed_machine(arguments.process_manager) as machine,
        relay(machine) as straight,
        HubClient(f"https://{machine.address}/", verify=False) as client,
    ):
        client.login(PERSON, machines.PASSWORD)
        client.start_server()
        client.open_server()
        ways = {NGINX: f"https://{machine.address}", PROXY: straight}
        with chromium([loads.trusting(machine)]) as browser, noise.watched(machine):
            cold, warm = in_turns(browser, ways, arguments.rounds)
    show(cold, warm, arguments.rounds)


@contextlib.contextmanager
def relay(machine: Machine) -> Iterator[str]:
    """The URL of the proxy without nginx."""
    machine.push(machines.INSIDE / "relay.py", "/root/relay.py")
    with machine.background(["python3", "/root/relay.py", str(PORT), SOCKET]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"listening\n"
        yield f"http://{machine.address}:{PORT}"


Loads = dict[str, list[Load]]


def in_turns(browser: Browser, ways: dict[str, str], rounds: int) -> tuple[Loads, Loads]:
    """Cold and warm loads for each way to the server."""
    cold: Loads = {way: [] for way in ways}
    warm: Loads = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways if number % 2 else reversed(ways):
            context = browser.new_context(base_url=ways[way])
            loads.log_in(context, PERSON, machines.PASSWORD)
            first, second = loads.open_lab(context, PERSON), loads.open_lab(context, PERSON)
            context.close()
            if number:  # the first round makes the server load what it loads lazily
                cold[way].append(first)
                warm[way].append(second)
    return cold, warm


def show(cold: Loads, warm: Loads, rounds: int) -> None:
    rows = [
        (f"{name}, {way}", *medians(measured[way]))
        for name, measured in (("cold", cold), ("warm", warm))
        for way in (NGINX, PROXY)
    ]
    table.show(f"Medians of {rounds} loads in turns", ("", "MB", "requests", "seconds until usable"), rows)
    ratios = []
    for name, measured in (("cold", cold), ("warm", warm)):
        pairs = zip(medians(measured[NGINX]), medians(measured[PROXY]), strict=True)
        ratios.append((name, *(ours / theirs for ours, theirs in pairs)))
    table.show("Ratio of the medians, nginx / proxy", ("", "bytes", "requests", "seconds"), ratios)


def medians(measured: list[Load]) -> tuple[float, float, float]:
    """Megabytes, requests, seconds."""
    return (
        table.median(load.bytes / 1e6 for load in measured),
        table.median(load.requests for load in measured),
        table.median(load.seconds for load in measured),
    )


if __name__ == "__main__":
    main()
