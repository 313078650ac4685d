"""The variables that dockerd is started with: its way to the internet, which it reads only when it starts.

Its containers, other people's too, outlive a restart, because live-restore is loaded by then (live_restore.py).
"""

from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.machine.docker import answering
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import installed
from hubinstall.machine.way_out import MARK, values
from hubinstall.resources.base import Change, State
from hubinstall.resources.files.file import File
from hubinstall.resources.services.service import environment


@dataclass(frozen=True)
class DockerVariables:
    """The file, only for root: it may hold the password of a proxy. Without it, dockerd is restarted."""

    kind: ClassVar[str] = "docker-variables"
    lock: ClassVar[str | None] = "docker"
    stays: ClassVar[bool] = False
    name: str
    content: str = field(default="", repr=False)
    needs: tuple[str, ...] = ()

    @property
    def _file(self) -> File:
        return File(self.name, self.content, mode="0600")

    def desired(self) -> State:
        return self._file.desired()

    def actual(self, host: Host) -> State | None:
        return self._file.actual(host)

    def apply(self, host: Host, change: Change) -> None:
        self._file.apply(host, change)

    def remove(self, host: Host) -> None:
        host.remove(self.name)
        renew(host, self.name)


def renew(host: Host, path: str) -> None:
    """Restart dockerd if the file has changed since its start. One that is stopped stays stopped."""
    manager = installed(host)
    if not manager.look(host, layout.DOCKER_SERVICE).running or _is_recent(host, path):
        return
    manager.define(host, layout.DOCKER_SERVICE)  # supervisor restarts it itself if the launcher has changed
    if not _is_recent(host, path):
        manager.restart(host, layout.DOCKER_SERVICE)
    answering(host)


def _is_recent(host: Host, path: str) -> bool:
    return running_with(host) == mark_in(host.text(path))


def mark_in(text: str) -> str:
    """The digest in a file of variables; empty if there is none."""
    return values(text).get(MARK, "")


def running_with(host: Host) -> str:
    """The digest of the file that the running dockerd was started with; empty if there was none."""
    pid = host.text(layout.DOCKER_PID).strip()
    return environment(host, int(pid)).get(MARK, "") if pid.isdigit() else ""
