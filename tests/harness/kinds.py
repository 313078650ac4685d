"""The kind of machine that a run boots (--machine): every one of them is driven by the same test files."""

from harness import moved, vagrant_place
from harness.borrowed import BorrowedMachine
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager
from harness.vagrant_machine import VagrantMachine
from harness.virtual import VirtualMachine

KINDS = {
    "nspawn": "containers with an init of their own, on this host's kernel",
    "qemu": "virtual machines with the distribution's kernel, emulated",
    "vagrant": "the machine of the Vagrantfile: from the test host's Vagrant, or from one on a machine, emulated",
    "ssh:root@HOST": "a machine that is there, which the tests install on and reboot",
}
_chosen = ["nspawn"]


def choose(name: str) -> None:
    """Choose for the whole run.

    :raises ValueError: there is no such kind.
    """
    if name not in KINDS and not (name.startswith("ssh:") and name.removeprefix("ssh:")):
        raise ValueError(f"--machine {name}: there are {', '.join(KINDS)}")
    _chosen[:] = [name]


def name() -> str:
    return _chosen[0]


def has_own_kernel() -> bool:
    """Whether a machine's kernel is not that of the test host."""
    return name() != "nspawn"


def keeps_no_snapshots() -> bool:
    """Whether a machine is installed on where it is: it starts from nothing that was made before."""
    return name().startswith("ssh:") or (name() == "vagrant" and vagrant_place.is_here())


def process_managers() -> tuple[ProcessManager, ...]:
    """Those that machines of this kind can have."""
    return (ProcessManager.SYSTEMD,) if has_own_kernel() else tuple(ProcessManager)


def new(
    process_manager: ProcessManager, *, memory: int | None = None, snapshot: Snapshot | None = None,
    number: int | None = None,
) -> Machine:  # fmt: skip
    """A machine of the chosen kind; the options are those of Machine."""
    if name() == "vagrant":
        return _vagrants(snapshot)
    if keeps_no_snapshots():
        return BorrowedMachine(name().removeprefix("ssh:"))
    if name() == "qemu":
        if not snapshot:
            raise ValueError("a virtual machine starts from a snapshot, which a machine on this host's kernel has made")
        return VirtualMachine(snapshot, memory=memory)
    return Machine(process_manager, memory=memory, snapshot=snapshot, number=number)


def _vagrants(snapshot: Snapshot | None) -> VagrantMachine:
    if vagrant_place.is_here():
        return VagrantMachine(vagrant_place.Here())
    if not snapshot:
        raise ValueError("Vagrant starts from a box, which a machine on this host's kernel has made")
    return VagrantMachine(vagrant_place.Inside(snapshot.root / moved.BOX), at_first=moved.arrive)
