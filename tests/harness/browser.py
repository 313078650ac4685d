"""A real browser on the test host: Chromium, in a network of its own."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from harness import numbers
from harness.commands import execute
from harness.network import Link

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextlib.contextmanager
def chromium(flags: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser while the block runs. `flags`: more of Chromium's own."""
    with _program() as program, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@contextlib.contextmanager
def _program() -> Iterator[Path]:
    """Chromium breaks off all it loads when an interface comes or goes, as they do on the test host with every machine
    of the other tests (ERR_NETWORK_CHANGED). So it gets a network of its own.
    """
    claim = numbers.claim()
    link = Link(claim.number)
    link.up()
    # Seconds after a link is up, its IPv6 address ceases to be tentative: a change, too.
    execute(["ip", "netns", "exec", link.name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"])
    try:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "chromium")
            script.write_text(f'#!/bin/sh\nexec ip netns exec {link.name} {CHROMIUM} "$@"\n')
            script.chmod(0o755)
            yield script
    finally:
        link.down()
        claim.release()
