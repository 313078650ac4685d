"""The machine of the checkout's Vagrantfile as a test machine: `vagrant up`, then ssh as root."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from harness import pace, reboots
from harness.borrowed import Reached
from harness.commands import execute
from harness.machine import KEEP, Machine, Running
from harness.nspawn import BootError, ProcessManager
from harness.ssh import Connection
from harness.vagrant_place import Place

REACHED_WITHIN = 600
"""Seconds, after Vagrant itself has got in."""


class VagrantMachine(Machine):
    """Created within the block and destroyed after it. `at_first`: what to do when it is up."""

    def __init__(self, place: Place, *, at_first: Callable[[Machine], None] = lambda _: None) -> None:
        super().__init__(ProcessManager.SYSTEMD)
        self._at_first = at_first
        self._place = place
        self._files = tempfile.TemporaryDirectory(prefix="hubinstall-vagrant-")
        config, socket = Path(self._files.name, "config"), Path(self._files.name, "ssh")
        self._connection = Connection("root@default", socket, ("-F", str(config)))
        self._config = config

    def __enter__(self) -> Self:
        self._place.__enter__()
        try:
            self._place.vagrant.destroy()
            self._connection.through = self._place.through
            self.start()
            self._place.connect()
            self._at_first(self)
        except BaseException as error:
            self._leave_place(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.beside.close()
        self._leave_place(kind, error, trace)

    @property
    def name(self) -> str:
        return "vagrant"

    @property
    def address(self) -> str:
        return self._place.address

    def start(self) -> None:
        self._place.vagrant.up()
        self._config.write_text(self._place.ssh_config())
        if not self._connection.open(REACHED_WITHIN):
            raise BootError("vagrant up has succeeded, but root does not get in with the user vagrant's key")
        state = [*self._connection.prefix(), "systemctl", "is-system-running", "--wait"]
        execute(state, check=False, timeout=REACHED_WITHIN)
        self._booted: Running | None = Reached(self._connection, pace.of(self._connection.prefix()))

    def stop(self, *, power_cut: bool = False) -> None:
        self._connection.close()
        self._booted = None
        self._place.vagrant.halt(power_cut=power_cut)

    def reboot(self, *, power_cut: bool = False) -> None:
        """It boots itself again; after a cut of power Vagrant switches it on."""
        if power_cut:
            super().reboot(power_cut=True)
        else:
            reboots.itself(self._connection)

    def keep(self) -> None:
        super().keep()
        self._place.keep()

    def _leave_place(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._booted = None
        self._connection.close()
        if not (KEEP and (self._kept or error)):
            self._place.vagrant.destroy()
        self._place.__exit__(kind, error, trace)
        self._files.cleanup()
