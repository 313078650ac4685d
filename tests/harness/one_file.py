"""dist/bootstrap.py of this checkout, and the static web server from which a machine gets it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from harness import addresses, checkout, installed
from harness.archives import unpack
from harness.commands import Result, execute
from harness.machine import Machine

FOLDER = "/tmp/www"
ADDRESS = "http://127.0.0.1:8765"
NAME = "bootstrap.py"
VERSION = re.compile(r'^__version__ = ".*"$', re.MULTILINE)


@cache
def build(version: str = "") -> bytes:
    """Its content, by the command that builds it; `version` instead of the checkout's."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(checkout.archive(), Path(folder))
        if version:
            init = Path(folder, "src/hubinstall/__init__.py")
            init.write_text(VERSION.sub(f'__version__ = "{version}"', init.read_text()))
        git = ["git", "-C", folder, "-c", "user.name=test", "-c", "user.email=test@localhost"]
        for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "a version"]):
            execute([*git, *words])
        subprocess.run([f"{folder}/installer/build.py"], env={**os.environ, "PYTHON": sys.executable}, check=True)
        return Path(folder, "dist", NAME).read_bytes()


@contextlib.contextmanager
def served(machine: Machine, files: Mapping[str, bytes]) -> Iterator[None]:
    """A static web server on the machine has these files during the block."""
    for name, content in files.items():
        machine.write(f"{FOLDER}/{name}", content)
    port = ADDRESS.rsplit(":", 1)[-1]
    with machine.background(["python3", "-m", "http.server", "--bind=127.0.0.1", f"--directory={FOLDER}", port]):
        machine.run(f"for i in $(seq 1200); do curl -fs -o /dev/null {ADDRESS} && exit; sleep 0.1; done; exit 1")
        yield
    machine.run(["rm", "-r", FOLDER])


def piped(machine: Machine, flags: str = "", *, name: str = NAME, check: bool = True, timeout: float = 600) -> Result:
    """What the README says for people without a checkout, while the file is served. The exit code is Python's."""
    return machine.run(f"curl -fsSL {ADDRESS}/{name} | python3 - {flags}", check=check, timeout=timeout)


def install(machine: Machine, flags: str = "") -> Result:
    """The README's command without a checkout."""
    if addresses.here().beforehand:
        machine.write(installed.CONFIG, addresses.here().settings, mode=0o600)
    flags = f"--admin {installed.ADMIN}:{installed.ADMIN_PASSWORD}{addresses.here().flags} {flags}"
    with served(machine, {NAME: build()}):
        return piped(machine, flags, timeout=1200)
