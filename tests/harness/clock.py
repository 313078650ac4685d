"""A machine whose clock is fast."""

import contextlib
from collections.abc import Iterator

from harness.machine import Machine

# Works for every program that starts from then on, except programs in Go, which call the kernel themselves.
FAKE = """set -e
dpkg-query -W libfaketime >/dev/null 2>&1 || apt-get install -qy --no-install-recommends libfaketime
echo "$1" >/etc/faketimerc
dpkg -L libfaketime | grep '/libfaketimeMT.so.1$' >/etc/ld.so.preload
"""
DAY = 86400


@contextlib.contextmanager
def ahead(machine: Machine, days: int) -> Iterator[None]:
    """Programs that start within the block see a time that is `days` ahead."""
    machine.run(["bash", "-c", FAKE, "fake", f"+{days * DAY}s"], timeout=300)
    try:
        yield
    finally:
        machine.run(["rm", "/etc/ld.so.preload", "/etc/faketimerc"])
