"""An install from an offline bundle, its network cut, compared with the bare commands for the same components.

    benchmarks/run bundle [--rounds 3]

Method: the bundle is made once, on a machine that the README's command has set up. Each round then uses two fresh
machines (Debian with systemd and nothing else), one after the other, in alternating order. One has the bundle and no
network, and gets the one file piped into Python; it has no cache of packages. The other runs bare-install.sh with the
network and the caches of the benchmark `install`. The time of `verify` at the end is counted separately, because
nobody who types the commands does that. The ratio compares the medians without it; a whole install, checked by a login
and a cell, is the line "with verify".
"""

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import install, machines, noise, table
from benchmarks.install import Taken
from harness.commands import execute
from harness.machine import Machine
from harness.nspawn import ProcessManager

BUNDLE = "bundle.tar"
# Without the test host's cache of Python packages, which machines of the suite share.
COMMAND = "cat bootstrap.py | env UV_CACHE_DIR= python3 - --bundle bundle.tar --verbose --admin ada:enigma-1843"


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=3)
    if arguments.process_manager is not ProcessManager.SYSTEMD:
        sys.exit("bundle: the bare commands are for a machine with systemd")
    table.heading("Install from an offline bundle")
    ours: list[Taken] = []
    bare: list[Taken] = []
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, BUNDLE)
        make(bundle)
        for number in range(arguments.rounds):
            for offline, taken in [(True, ours), (False, bare)][:: 1 if number % 2 == 0 else -1]:
                with machines.on(machines.server_cores()), Machine(ProcessManager.SYSTEMD) as machine:
                    taken.append(from_bundle(machine, bundle) if offline else typed(machine))
    show(ours, bare)


def make(bundle: Path) -> None:
    with machines.installed_machine() as machine:
        machine.run(["hubinstall", "bundle", f"/root/{BUNDLE}"])
        shutil.copyfile(machine.root / "root" / BUNDLE, bundle)
    print(f"\nThe bundle: {bundle.stat().st_size / 10**6:.0f} MB")


def from_bundle(machine: Machine, bundle: Path) -> Taken:
    execute(["cp", "--reflink=auto", str(bundle), str(machine.root / "root" / BUNDLE)])
    machine.run(["tar", "-xf", BUNDLE, "bootstrap.py"])
    with machine.offline():
        if machine.run("curl -sS -m 5 https://example.org", check=False).code == 0:
            raise RuntimeError("the machine still has a network")
        return measured(machine, lambda: install.followed(machine, COMMAND))


def typed(machine: Machine) -> Taken:
    machine.push_checkout()
    return measured(machine, lambda: install.type_commands(machine))


def measured(machine: Machine, run: "install.Run") -> Taken:
    with noise.watched(machine):
        before = noise.machine_seconds(machine)
        taken = run()
        taken.processor = noise.machine_seconds(machine) - before
    return taken


def show(ours: list[Taken], bare: list[Taken]) -> None:
    parts, ends = install.medians([t.parts for t in ours]), install.medians([t.ends for t in ours])
    long = sorted((end, part) for part, end in ends.items() if parts[part] >= install.LEAST)
    rows = [(part, parts[part], end) for end, part in long]
    table.show("From the bundle, much of it at the same time", ("part", "s", "done after s"), rows)
    totals = {
        "from the bundle, without verify": [t.total - t.verify for t in ours],
        "from the bundle, with verify": [t.total for t in ours],
        "the bare commands": [t.total for t in bare],
        "processors: from the bundle, with verify": [t.processor for t in ours],
        "processors: the bare commands": [t.processor for t in bare],
    }
    table.rounds(totals)
    without, checked, commands, *_ = (table.median(values) for values in totals.values())
    print(f"\nRatio of the medians: {without / commands:.2f} without verify, {checked / commands:.2f} with it")


if __name__ == "__main__":
    main()
