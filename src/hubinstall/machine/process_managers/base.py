"""What a process manager must do for us."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from hubinstall.machine.host import Host


@dataclass(frozen=True)
class Look:
    """One service as its process manager sees it."""

    known: bool = False
    enabled: bool = False
    """It starts at boot (supervisor: with supervisord)."""
    running: bool = False
    """A oneshot counts as running when it has done its work."""
    failed: bool = False
    pid: int = 0
    words: str = "absent"
    """The state in the manager's own words, for people."""


class Manager(Protocol):
    """systemd or supervisor. Every action may be repeated, and raises UserError if the manager refuses it."""

    name: ClassVar[str]
    ours: ClassVar[bool]
    """We brought it: we start it, and its removal also ends all services that it runs, even the distribution's."""
    certificates: ClassVar[str]
    """The service that renews certificates: a timer if the manager has timers."""

    def look(self, host: Host, service: str) -> Look:
        """The state of a service. One cached query covers all services, until something changes."""

    def define(self, host: Host, service: str) -> None:
        """Let the manager load the service's files, and start the service at boot."""

    def start(self, host: Host, service: str) -> None: ...
    def stop(self, host: Host, service: str) -> None: ...
    def restart(self, host: Host, service: str) -> None: ...

    def reload(self, host: Host, service: str) -> None:
        """Let the service reload its own files, without interruption."""

    def forget(self, host: Host, service: str) -> None:
        """Stop the service and do not start it again."""

    def log_command(self, service: str, lines: int, *, follow: bool) -> list[str]:
        """The command that shows the last `lines` lines of the service's log."""

    def log_lines(self, host: Host, service: str, since: float = 0) -> list[str]:
        """The service's log, oldest first; it may begin before `since` (seconds since the epoch)."""
