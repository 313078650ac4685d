"""The way into a machine over ssh, as root: the argv prefix that nsenter is for machines on this host."""

import contextlib
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness.commands import execute, kill_group

OPTIONS = (
    "-q", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "ServerAliveInterval=60", "-o", "ServerAliveCountMax=10", "-o", "ConnectTimeout=120",
)  # fmt: skip
# An emulated machine whose host does other things may answer nothing for a minute, and lives.
# ssh joins its words with spaces and the account's shell splits them again, so each is quoted first, as bash does.
QUOTED = 'into=(); while [ "$1" != -- ]; do into+=("$1"); shift; done; shift; exec "${into[@]}" "${*@Q}"'


@dataclass
class Connection:
    """One connection that carries every command: a handshake for each would take an emulated machine seconds.

    `target`: what ssh(1) calls a destination; `options`: those that it takes to get there; `through`: the prefix for
    an argv that runs it in the network from which it gets there.
    """

    target: str
    socket: Path
    options: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    _master: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def open(self, seconds: float) -> bool:
        """Whether the machine let us in within that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.close()
            self._master = subprocess.Popen(
                [*self._ssh, "-M", "-N", self.target], stdin=subprocess.DEVNULL, start_new_session=True
            )
            while self._master.poll() is None and time.monotonic() < end:
                if self.socket.exists() and execute([*self.prefix(), "true"], check=False).code == 0:
                    return True
                time.sleep(0.5)
            time.sleep(1)
        return False

    def close(self) -> None:
        if self._master:
            kill_group(self._master)
        self._master = None
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()

    def prefix(self) -> list[str]:
        """The prefix for an argv that runs it on the machine as root."""
        return ["bash", "-c", QUOTED, "bash", *self._ssh, self.target, "--"]

    @property
    def _ssh(self) -> list[str]:
        return [*self.through, "ssh", *OPTIONS, "-o", f"ControlPath={self.socket}", *self.options]
