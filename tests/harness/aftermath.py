"""What a machine's services said last, for the report of a test that failed: in CI nobody can look at the machine."""

import contextlib
from collections.abc import Iterable, Iterator

from harness.machine import Machine

SERVICES = ("jupyterhub", "jupyterhub-proxy", "hubinstall-broker", "hubinstall-accounts", "docker", "nginx")
LINES = 20
"""Of each service."""
SECONDS = 30.0


def sections(found: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Title and text for each machine among the fixtures of a test."""
    for machine in found:
        if isinstance(machine, Machine):
            for service in SERVICES:
                if text := last_words(machine, service):
                    yield f"{machine.name}: hubinstall logs {service}", text


def last_words(machine: Machine, service: str) -> str:
    """Empty if the machine is off, or has no such service: the failure is another's to explain."""
    with contextlib.suppress(AssertionError, RuntimeError, OSError):
        command = ["hubinstall", "logs", service, "--lines", str(LINES)]
        return machine.run(command, timeout=SECONDS).out.strip()
    return ""
