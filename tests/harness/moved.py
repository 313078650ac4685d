"""A machine that is installed on this host's kernel and emulated from then on: installing takes an emulated one hours.

On this host's kernel: the whole installation, its packages, virtualenvs, image and checks, and one person. Then the
machine is shut down, and its root becomes the disk of a virtual machine. Emulated: the boot of the distribution's own
kernel, the apply that brings the machine to what is different there, and everything that tests do.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import box, installed, store, vm_disk
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager

BOX = "hub.box"
_told: list[str] = []


def disk(key: str, number: int, build: Callable[[Machine], None]) -> Snapshot:
    """The disk of the machine that `build` has made: it is kept as `key` until `forget`, so that a boot that fails is
    tried again without another installation. `number`: that of the machine, if it is free.
    """
    return _kept(key, number, build, vm_disk.PACKAGES, vm_disk.write)


def boxed(key: str, number: int, build: Callable[[Machine], None]) -> Snapshot:
    """The same as a directory with a Vagrant box, BOX."""
    return _kept(key, number, build, box.PACKAGES, _write_box)


def _write_box(root: Path, files: Path) -> None:
    store.remove(files)
    files.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=store.folder("building")) as folder:
        box.write(root, Path(folder), files / BOX, small=False)


def _kept(
    key: str, number: int, build: Callable[[Machine], None], packages: Sequence[str],
    write: Callable[[Path, Path], None],
) -> Snapshot:  # fmt: skip
    if found := next(store.folder("disks").glob(f"{key}-*[0-9]"), None):
        return Snapshot(found, ProcessManager.SYSTEMD, int(found.name.split("-")[-1]))
    forget(key.rpartition("-")[0])  # those of other states of the sources
    with Machine(ProcessManager.SYSTEMD, number=number, packages=packages) as machine:
        build(machine)
        machine.stop()
        number = machine.link.number
        target = store.folder("disks") / f"{key}-{number}"
        unfinished = target.with_suffix(".new")
        write(machine.root, unfinished)
        unfinished.rename(target)
    return Snapshot(target, ProcessManager.SYSTEMD, number)


def arrive(machine: Machine) -> None:
    """What an administrator does who has moved a machine to other hardware: wait for it, and apply."""
    installed.cold_start(machine)
    applied = machine.run(["hubinstall", "apply", "--verbose"], timeout=1200)
    _told.append(f"on its own kernel an apply changed {', '.join(sorted(installed.changed(applied)))}")


def told() -> list[str]:
    """What was different there, for the end of the run."""
    return _told


def forget(key: str) -> None:
    """Remove the disks whose names begin so."""
    for found in store.folder("disks").glob(f"{key}*"):
        store.remove(found)
