"""Snapshots that outlive a run. A later run finds them by the checkout's digest, or by the commit, of their origin."""

from collections.abc import Callable
from typing import Protocol

from harness import checkout, kinds, moved, numbers, store
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager
from harness.virtual import VirtualMachine

Build = Callable[[Machine], None]


class SnapshotOf(Protocol):
    """The fixture `snapshot_of`: the result of `build` on a fresh machine. `made_from`: the origin, or the checkout."""

    def __call__(self, what: str, build: Build, made_from: str = "") -> Snapshot: ...


def ours(name: str, process_manager: ProcessManager) -> str:
    """The prefix of the keys of snapshots that this checkout may remove."""
    return f"{checkout.place()}-{store.RELEASE}-{_where()}{name}-{process_manager}-"


def key(name: str, process_manager: ProcessManager, made_from: str = "") -> str:
    return ours(name, process_manager) + (made_from or checkout.digest())


def earlier(name: str, process_manager: ProcessManager, made_from: str = "") -> Snapshot | None:
    """The snapshot that an earlier run has left."""
    found = next(store.folder("snapshots").glob(f"{key(name, process_manager, made_from)}-*[0-9]"), None)
    return Snapshot(found, process_manager, int(found.name.split("-")[-1])) if found else None


def remove_outdated(name: str, process_manager: ProcessManager) -> None:
    for outdated in store.folder("snapshots").glob(f"{ours(name, process_manager)}*"):
        store.remove(outdated)


def make(name: str, process_manager: ProcessManager, build: Build, made_from: str = "") -> Snapshot:
    """Create a snapshot of the result of `build` on a fresh machine."""
    kept_as = key(name, process_manager, made_from)
    number = numbers.for_snapshot(_where() + name, process_manager)
    if kinds.name() == "vagrant":
        return moved.boxed(kept_as, number, build)
    if kinds.name() == "qemu":
        machine: Machine = VirtualMachine(moved.disk(kept_as, number, build), being_made=True)
        build = moved.arrive
    else:
        machine = kinds.new(process_manager, number=number)
    with machine:
        build(machine)
        machine.stop()
        snapshot = machine.snapshot(store.folder("snapshots") / f"{kept_as}-{machine.link.number}")
    moved.forget(kept_as)
    return snapshot


def _where() -> str:
    return "" if kinds.name() == "nspawn" else f"{kinds.name()}-"
