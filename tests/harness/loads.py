"""The cost of loading a page in a real browser, measured with the browser's own protocol (Chrome DevTools)."""

import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext

from harness.machine import Machine

CERTIFICATE = "/var/lib/hubinstall/tls/self-signed.crt"
KEY_HASH = f"""openssl x509 -in {CERTIFICATE} -noout -pubkey | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | base64"""
USABLE = ".jp-LauncherCard"


@dataclass(frozen=True)
class Load:
    """The cost of one load: bytes on the wire, including headers; bytes after decompression; the URLs of the requests;
    seconds until the page could be used.
    """

    bytes: int
    unpacked: int
    sent: tuple[str, ...]
    seconds: float
    kept_for_good: frozenset[str] = field(default=frozenset())
    """URLs of responses that a browser never needs to request again."""

    @property
    def requests(self) -> int:
        return len(self.sent)


class Counted:
    """Counts what a page loads. Cached responses count neither as requests nor in bytes."""

    def __init__(self) -> None:
        self.bytes = 0
        self.unpacked = 0
        self.sent: dict[str, str] = {}
        self.kept_for_good: set[str] = set()

    def asks(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.sent[event["requestId"]] = event["request"]["url"]

    def has(self, event: dict[str, Any]) -> None:
        self.sent.pop(event["requestId"], None)

    def answered(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response.get("fromDiskCache") or response.get("fromPrefetchCache"):
            self.has(event)
        headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
        if "immutable" in headers.get("cache-control", ""):
            self.kept_for_good.add(response["url"])

    def comes(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.sent:
            self.unpacked += int(event["dataLength"])

    def finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def load(self, seconds: float) -> Load:
        return Load(self.bytes, self.unpacked, tuple(self.sent.values()), seconds, frozenset(self.kept_for_good))


def trusting(machine: Machine) -> str:
    """Chromium's flag that makes it trust the machine's self-signed certificate: it caches nothing from a site with an
    untrusted one.
    """
    return f"--ignore-certificate-errors-spki-list={machine.run(KEY_HASH).out.strip()}"


def at_names_of_its_own(machine: Machine) -> list[str]:
    """Chromium's flags for a hub at hub.example.org with a name for each server: the names lead to the machine."""
    rules = f"MAP hub.example.org {machine.address}, MAP *.hub.example.org {machine.address}"
    return [trusting(machine), f"--host-resolver-rules={rules}"]


def log_in(context: BrowserContext, name: str, password: str) -> None:
    """Log in with the hub's form. The browser then caches the files of the hub's pages, but none of JupyterLab's."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/hub/login?next=%2Fhub%2Fhome")
    page.fill("input#username_input", name)
    page.fill("input#password_input", password)
    page.click("input#login_submit")
    page.wait_for_url("**/hub/home")
    page.close()


def open_lab(context: BrowserContext, name: str) -> Load:
    """Load JupyterLab for a person whose server is running, until no more bytes arrive."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    counted = Counted()
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", counted.asks)
    session.on("Network.requestServedFromCache", counted.has)
    session.on("Network.responseReceived", counted.answered)
    session.on("Network.dataReceived", counted.comes)
    session.on("Network.loadingFinished", counted.finished)
    session.send("Network.enable")
    began = time.perf_counter()
    page.goto(f"/user/{name}/lab")
    page.locator(USABLE).first.wait_for()
    seconds = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    found = counted.load(seconds)
    page.close()
    return found
