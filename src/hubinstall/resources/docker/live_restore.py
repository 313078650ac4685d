"""Docker's live-restore: containers keep running while dockerd restarts, so that it can be given other variables."""

import time
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.docker import _info, answering, info
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.docker.variables import mark_in, renew, running_with
from hubinstall.resources.files.json_keys import reload

RELOAD_SECONDS = 10


@dataclass(frozen=True)
class LiveRestore:
    """live-restore as dockerd has loaded it. The setting itself is in daemon.json, which is another resource.

    `variables`: the content of the file (DockerVariables) with which dockerd must have been started; empty if that does
    not matter.
    """

    kind: ClassVar[str] = "docker-setting"
    lock: ClassVar[str | None] = "docker"
    stays: ClassVar[bool] = False
    name: str = "live-restore"
    variables: str = field(default="", repr=False)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"loaded": True} | ({"started_with": mark_in(self.variables)} if self.variables else {})

    def actual(self, host: Host) -> State | None:
        found = info(host)
        state: State = {"loaded": bool(found.get("LiveRestoreEnabled"))}
        return (state | ({"started_with": running_with(host)} if self.variables else {})) if found else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        answering(host)
        if not _info(host).get("LiveRestoreEnabled"):
            self._load(host)
        if self.variables:
            renew(host, layout.WAY_OUT)

    def start_again(self, host: Host) -> None:
        """After a rollback, which has restored the file of the variables."""
        renew(host, layout.WAY_OUT)

    def _load(self, host: Host) -> None:
        reload(host, layout.DOCKER_PID)
        deadline = time.monotonic() + RELOAD_SECONDS
        while not _info(host).get("LiveRestoreEnabled"):
            if time.monotonic() > deadline:
                raise UserError(
                    "dockerd has not loaded the setting live-restore from its configuration",
                    f"Its log says why (journalctl -u docker). The setting is in {layout.DAEMON_JSON}.",
                )
            time.sleep(0.1)

    def remove(self, host: Host) -> None:
        """Nothing to do: the key in daemon.json is a separate resource, and its removal reloads dockerd."""
