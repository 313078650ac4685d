"""The last release, from this repository's history: the version from which people upgrade to this checkout.

`tests/last_release` names it by a tag or a commit; each release changes that line (docs/how-to/release.md).
"""

import tempfile
from pathlib import Path

from checkout_path import CHECKOUT
from harness import checkout, installed
from harness.machine import Machine

NAMED_IN = CHECKOUT / "tests/last_release"
PEOPLE = ("grace", "joan", "katherine", "dorothy", "mary")
PASSWORD = "released-1959"
# What bootstrap.py does before it hands over to `hubinstall apply`, by its own functions.
TOOL_ONLY = """
import sys
sys.path.insert(0, "hubinstall/installer")
import bootstrap
checkout = bootstrap.find_checkout()
from hubinstall import layout
bootstrap.install(checkout, layout)
"""
UPGRADE = ["python3", "hubinstall/installer/bootstrap.py", "--verbose"]
"""As one types it beside the newer checkout."""


class MissingError(RuntimeError):
    """The history of this checkout does not contain the last release; says what to do."""


def name() -> str:
    return NAMED_IN.read_text().strip()


def commit() -> str:
    """The id of its commit.

    :raises MissingError: this clone is shallow, or the name is wrong.
    """
    found = checkout.git("rev-parse", "--verify", "--quiet", f"{name()}^{{commit}}", check=False)
    if found.code:
        raise MissingError(
            f"tests/last_release names {name()}, which this clone does not have, so no upgrade from it can be tested: "
            "fetch it with `git fetch --tags --unshallow` (without --unshallow where the clone has the whole history)"
        )
    return found.out.strip()


def archive() -> bytes:
    """A tar of all its files.

    :raises MissingError: as `commit` does.
    """
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder, "release.tar")
        checkout.git("archive", f"--output={tar}", commit())
        return tar.read_bytes()


def build_installed(machine: Machine) -> None:
    """For `snapshot_of`: installed by its own bootstrap.py, with people and a share that is in its ledger."""
    machine.unpack(archive(), "/root/hubinstall")
    machine.run(installed.readmes_command(), timeout=1200)
    machine.run("hubinstall config set shares '{course: }' --apply")
    for person in PEOPLE:
        installed.add_person(machine, person, PASSWORD)


def install_tool(machine: Machine) -> None:
    """The checkout's program, which from then on plans and applies; nothing else changes."""
    machine.run(["python3", "-B", "-c", TOOL_ONLY])
