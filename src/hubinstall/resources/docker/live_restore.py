"""Containers that live on while dockerd restarts."""

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
    """Containers live on while dockerd restarts. The wish stands in daemon.json; here it counts once it is loaded."""

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
                    "dockerd has not taken over live-restore from its configuration",
                    f"Its log says why (journalctl -u docker). The setting stands in {layout.DAEMON_JSON}.",
                )
            time.sleep(0.1)

    def remove(self, host: Host) -> None:
        """The key in daemon.json is a resource of its own, and dockerd reads the file again when it goes."""
