"""JupyterLab's first load in a real browser: bytes, requests, and seconds until it can be used.

    benchmarks/run first_load [--rounds 3] [--process-manager plain]

Method: one person's server runs. Headless Chromium, with an empty cache, logs in, and opens /user/NAME/lab twice: the
first load is the cold one, the second, in the same browser, the warm one. In turns, the first one changing, through
nginx (https, HTTP/2) and straight at the proxy (plain http to its socket, by a relay inside the machine). Bytes are
those of the answers as they came, headers included (Chrome DevTools Protocol: encodedDataLength); what the browser had
kept counts neither as a request nor in bytes. Usable: the launcher can be seen; bytes are counted until no more come.
The machine's certificate counts as a good one: of a site with a bad one Chromium keeps nothing. Ratios hold on a busy
machine, where seconds do not.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from benchmarks import machines, noise, table
from harness.browser import chromium
from harness.installed import PERSON
from harness.machine import Machine
from hubinstall.client import HubClient

PORT = 9100
SOCKET = "/run/hubinstall/proxy-public/public.sock"
CERTIFICATE = "/var/lib/hubinstall/tls/self-signed.crt"
KEY_HASH = f"""openssl x509 -in {CERTIFICATE} -noout -pubkey | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | base64"""
NGINX, PROXY = "through nginx", "straight at the proxy"
USABLE = ".jp-LauncherCard"


@dataclass(frozen=True)
class Load:
    """What one load took: bytes on the wire, requests that were sent, seconds until it could be used."""

    bytes: int
    requests: int
    seconds: float


class Counted:
    """Counts what a page loads, as the browser's own protocol tells it."""

    def __init__(self) -> None:
        self.bytes = 0
        self._sent: set[str] = set()

    @property
    def requests(self) -> int:
        return len(self._sent)

    def sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self._sent.add(event["requestId"])

    def kept(self, event: dict[str, Any]) -> None:
        self._sent.discard(event["requestId"])

    def answered(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache") or event["response"].get("fromPrefetchCache"):
            self._sent.discard(event["requestId"])

    def finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


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
        flag = f"--ignore-certificate-errors-spki-list={machine.run(KEY_HASH).out.strip()}"
        ways = {NGINX: f"https://{machine.address}", PROXY: straight}
        with chromium([flag]) as browser, noise.watched(machine):
            cold, warm = in_turns(browser, ways, arguments.rounds)
    show(cold, warm, arguments.rounds)


@contextlib.contextmanager
def relay(machine: Machine) -> Iterator[str]:
    """The address at which the proxy can be reached without nginx."""
    machine.push(machines.INSIDE / "relay.py", "/root/relay.py")
    with machine.background(["python3", "/root/relay.py", str(PORT), SOCKET]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"listening\n"
        yield f"http://{machine.address}:{PORT}"


Loads = dict[str, list[Load]]


def in_turns(browser: Browser, ways: dict[str, str], rounds: int) -> tuple[Loads, Loads]:
    """Cold and warm loads by the way that they came."""
    cold: Loads = {way: [] for way in ways}
    warm: Loads = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways if number % 2 else reversed(ways):
            context = browser.new_context(base_url=ways[way])
            log_in(context)
            loads = load(context), load(context)
            context.close()
            if number:  # the first round starts what the server itself loads late
                cold[way].append(loads[0])
                warm[way].append(loads[1])
    return cold, warm


def log_in(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/hub/login?next=%2Fhub%2Fhome")
    page.fill("input#username_input", PERSON)
    page.fill("input#password_input", machines.PASSWORD)
    page.click("input#login_submit")
    page.wait_for_url("**/hub/home")
    page.close()


def load(context: BrowserContext) -> Load:
    page = context.new_page()
    page.set_default_timeout(120_000)
    counted = Counted()
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", counted.sent)
    session.on("Network.requestServedFromCache", counted.kept)
    session.on("Network.responseReceived", counted.answered)
    session.on("Network.loadingFinished", counted.finished)
    session.send("Network.enable")
    began = time.perf_counter()
    page.goto(f"/user/{PERSON}/lab")
    page.locator(USABLE).first.wait_for()
    seconds = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    found = Load(counted.bytes, counted.requests, seconds)
    page.close()
    return found


def show(cold: Loads, warm: Loads, rounds: int) -> None:
    rows = [
        (f"{name}, {way}", *medians(loads[way]))
        for name, loads in (("cold", cold), ("warm", warm))
        for way in (NGINX, PROXY)
    ]
    table.show(f"Medians of {rounds} loads in turns", ("", "MB", "requests", "seconds until usable"), rows)
    ratios = [
        (name, medians(loads[NGINX])[0] / medians(loads[PROXY])[0], medians(loads[NGINX])[2] / medians(loads[PROXY])[2])
        for name, loads in (("cold", cold), ("warm", warm))
    ]
    table.show("Ratio of the medians, nginx / proxy", ("", "bytes", "seconds"), ratios)


def medians(loads: list[Load]) -> tuple[float, float, float]:
    """Megabytes, requests, seconds."""
    return (
        table.median(load.bytes / 1e6 for load in loads),
        table.median(load.requests for load in loads),
        table.median(load.seconds for load in loads),
    )


if __name__ == "__main__":
    main()
