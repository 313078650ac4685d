"""A virtual machine as a test machine: its root is a disk of its own, in a network like any other machine's."""

from pathlib import Path

from harness import qemu, reboots, store, vm_disk
from harness.machine import KEEP, Machine, Running, Snapshot
from harness.nspawn import ProcessManager


class VirtualMachine(Machine):
    """Emulated, with a kernel of its own. `root` is the directory of its disk.

    `stick`: a file of the test host that the machine sees as its second disk; the other options are those of Machine.
    """

    def __init__(
        self, process_manager: ProcessManager, *, memory: int | None = None, snapshot: Snapshot | None = None,
        number: int | None = None, stick: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(process_manager, memory=memory, snapshot=snapshot, number=number)
        if process_manager is not ProcessManager.SYSTEMD:
            raise ValueError("virtual machines have systemd as PID 1")
        self._stick = stick

    def _make_root(self) -> None:
        store.copy(self._snapshot.root if self._snapshot else vm_disk.base(), self.root)
        if self._snapshot:
            vm_disk.lose_what_is_not_flushed(self.root)

    def _boot(self) -> Running:
        self.link.carry_card()
        return qemu.Boot(
            link=self.link,
            files=self.root,
            console=self.folder / "console.log",
            memory=self.memory,
            stick=self._stick,
            outlive=KEEP,
        ).start()

    def reboot(self, *, power_cut: bool = False) -> None:
        """Its own kernel boots again; after a cut of power, from what its disk has."""
        if power_cut or not isinstance(self._booted, qemu.Running):
            super().reboot(power_cut=power_cut)
        else:
            reboots.itself(self._booted.connection)
