"""Docker's live-restore: containers keep running while dockerd restarts."""

import time
from dataclasses import dataclass
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.docker import _info, answering, info
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.files.json_keys import reload

RELOAD_SECONDS = 10


@dataclass(frozen=True)
class LiveRestore:
    """live-restore as dockerd has loaded it. The setting itself is in daemon.json, which is another resource."""

    kind: ClassVar[str] = "docker-setting"
    lock: ClassVar[str | None] = "docker"
    stays: ClassVar[bool] = False
    name: str = "live-restore"
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"loaded": True}

    def actual(self, host: Host) -> State | None:
        found = info(host)
        return {"loaded": bool(found.get("LiveRestoreEnabled"))} if found else None

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        answering(host)
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
