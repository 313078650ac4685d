"""The last release, out of this repository's history: what people have installed who upgrade to this checkout.

`tests/last_release` names it, by a tag or a commit; a release changes that line (docs/how-to/release.md).
"""

import tempfile
from pathlib import Path

from checkout_path import CHECKOUT
from harness import checkout, installed
from harness.machine import Machine

NAMED_IN = CHECKOUT / "tests/last_release"
PEOPLE = ("grace", "joan", "katherine", "dorothy", "mary")
PASSWORD = "released-1959"


class MissingError(RuntimeError):
    """The history of this checkout does not hold the last release; says what to do."""


def name() -> str:
    return NAMED_IN.read_text().strip()


def commit() -> str:
    """Its id.

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
    """For `snapshot_of`: set up by its own bootstrap.py, with people, and a share that its ledger knows of."""
    machine.unpack(archive(), "/root/hubinstall")
    machine.run(installed.readmes_command(), timeout=1200)
    machine.run("hubinstall config set shares '{course: }' --apply")
    for person in PEOPLE:
        installed.add_person(machine, person, PASSWORD)
