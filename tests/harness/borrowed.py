"""A machine that is there before the tests and stays after them: somebody's server or board, reached over ssh.

Tests install hubinstall on it, add people and reboot it: it must be one that nobody needs.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from harness import pace, reboots
from harness.machine import Machine, Running
from harness.nspawn import BootError, ProcessManager
from harness.ssh import Connection

REACHED_WITHIN = 60
"""Seconds."""


@dataclass(frozen=True)
class Reached:
    """A machine that somebody else has started."""

    connection: Connection
    pace: float
    leader: int = 0

    def prefix(self) -> list[str]:
        return self.connection.prefix()

    def shut_down(self) -> None:
        raise NotImplementedError("a machine that is somebody else's is not switched off: nobody could start it again")

    cut_power = shut_down


class BorrowedMachine(Machine):
    """`target`: what ssh(1) calls a destination, as root. `address` is its part behind the @."""

    def __init__(self, target: str) -> None:
        super().__init__(ProcessManager.SYSTEMD)
        self._folder = tempfile.TemporaryDirectory(prefix="hubinstall-ssh-")
        self._connection = Connection(target, Path(self._folder.name, "ssh"))

    def __enter__(self) -> Self:
        if not self._connection.open(REACHED_WITHIN):
            raise BootError(f"ssh {self._connection.target} does not get in without a password")
        self._booted: Running | None = Reached(self._connection, pace.of(self._connection.prefix()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.beside.close()
        self._booted = None
        self._connection.close()
        self._folder.cleanup()

    @property
    def name(self) -> str:
        return self._connection.target

    @property
    def address(self) -> str:
        return self._connection.target.rpartition("@")[2]

    def reboot(self, *, power_cut: bool = False) -> None:
        reboots.itself(self._connection, power_cut=power_cut)
