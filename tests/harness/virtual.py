"""A virtual machine as a test machine: its root is a disk of its own, in a network like any other machine's."""

from harness import qemu, reboots, store, vm_disk
from harness.machine import KEEP, Machine, Running, Snapshot
from harness.nspawn import ProcessManager


class VirtualMachine(Machine):
    """Emulated, with a kernel of its own. `root` is the directory of its disk.

    `snapshot`: what it starts from; `being_made`: it is to become another snapshot, and no power is cut.
    """

    def __init__(self, snapshot: Snapshot, *, memory: int | None = None, being_made: bool = False) -> None:
        super().__init__(snapshot.process_manager, memory=memory, snapshot=snapshot)
        if snapshot.process_manager is not ProcessManager.SYSTEMD:
            raise ValueError("virtual machines have systemd as PID 1")
        self._disk = snapshot.root
        self._being_made = being_made

    def _make_root(self) -> None:
        store.copy(self._disk, self.root)
        if not self._being_made:
            vm_disk.lose_what_is_not_flushed(self.root)

    def _boot(self) -> Running:
        self.link.carry_card()
        return qemu.Boot(
            link=self.link,
            files=self.root,
            console=self.folder / "console.log",
            memory=self.memory,
            outlive=KEEP,
        ).start()

    def reboot(self, *, power_cut: bool = False) -> None:
        """Its own kernel boots again; after a cut of power, from what its disk has."""
        if power_cut or not isinstance(self._booted, qemu.Running):
            super().reboot(power_cut=power_cut)
        else:
            reboots.itself(self._booted.connection)
