"""Real browsers on the test host: Chromium, in a network of its own."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from harness import numbers
from harness.commands import execute
from harness.network import Link

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000
"""Milliseconds that a page may take to show what a test expects; Playwright's own five seconds are for a quiet host."""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextlib.contextmanager
def chromium(flags: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser for the duration of the block. `flags`: additional flags for Chromium."""
    with chromiums(1, flags) as [browser]:
        yield browser


@contextlib.contextmanager
def chromiums(number: int, flags: Sequence[str] = ()) -> Iterator[list[Browser]]:
    """So many browsers, each a process of its own."""
    expect.set_options(timeout=PATIENCE)
    with _program() as program, sync_playwright() as playwright:
        launched = [playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags]) for _ in range(number)]
        yield launched
        for browser in launched:
            browser.close()


@contextlib.contextmanager
def _program() -> Iterator[Path]:
    """A network of its own. Chromium aborts everything that it is loading when an interface appears or disappears
    (ERR_NETWORK_CHANGED), which happens on the test host with each machine of other tests.
    """
    claim = numbers.claim()
    link = Link(claim.number)
    link.up()
    # Seconds after a link comes up its IPv6 address is no longer tentative, which is a change, too.
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
