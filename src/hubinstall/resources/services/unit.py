"""Unit files of systemd, and drop-ins for the distribution's units."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.systemd import Systemd
from hubinstall.resources.base import KEPT, Change, State
from hubinstall.resources.files.file import File


@dataclass(frozen=True)
class UnitFile:
    """A unit file, or a drop-in. systemd has a copy in its memory, so a changed file must be loaded again.

    `reloads`: a service that must reload its own configuration when this file is removed; our part of that is gone by
    then.
    """

    kind: ClassVar[str] = "unit"
    lock: ClassVar[str | None] = "systemd"
    stays: ClassVar[bool] = False
    name: str
    content: str = field(default="", repr=False)
    reloads: str = field(default="", metadata=KEPT)
    needs: tuple[str, ...] = ()

    @property
    def _file(self) -> File:
        return File(self.name, self.content)

    def desired(self) -> State:
        return self._file.desired()

    def actual(self, host: Host) -> State | None:
        return self._file.actual(host)

    def apply(self, host: Host, change: Change) -> None:
        self._verify(host)
        self._file.apply(host, change)
        # A new unit is not loaded yet: systemd reads it when the service starts. That of a drop-in may be.
        if change.before is not None or PurePosixPath(self.name).suffix == ".conf":
            Systemd().read_units(host)

    def remove(self, host: Host) -> None:
        if not host.exists(self.name):
            return
        host.remove(self.name)
        Systemd().read_units(host)
        if self.reloads and Systemd().look(host, self.reloads).running:
            host.run(["systemctl", "reload", self.reloads], check=False)

    def texts(self, host: Host) -> tuple[str, str] | None:
        return self._file.texts(host)

    def _verify(self, host: Host) -> None:
        """Check a copy with systemd-analyze(1) before the file is in place; complaints about other units are ignored.

        Man pages are not checked: the machine may lack man(1), or a page that the unit names.
        """
        path = PurePosixPath(self.name)
        if path.suffix == ".conf":
            return
        host.mkdir(layout.UNIT_CANDIDATES, mode="0700")
        candidate = f"{layout.UNIT_CANDIDATES}/{path.name}"
        host.write(candidate, self.content.encode(), mode="0600")
        try:
            asked = ["systemd-analyze", "verify", "--man=no", candidate]
            complaints = host.query(asked, check=False).stderr.splitlines()
        finally:
            host.remove(candidate)
            host.remove(layout.UNIT_CANDIDATES)
        if ours := [line for line in complaints if path.name in line]:
            raise UserError(f"systemd does not accept {self.name}", "\n".join(ours))
