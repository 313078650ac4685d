"""What a process manager must be able to do for us."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from hubinstall.machine.host import Host


@dataclass(frozen=True)
class Look:
    """One service as its process manager sees it."""

    known: bool = False
    enabled: bool = False
    """It starts by itself at boot (supervisor: with supervisord)."""
    running: bool = False
    """A oneshot runs when it has done its work."""
    failed: bool = False
    pid: int = 0
    words: str = "absent"
    """In the manager's own words, for people."""


class Manager(Protocol):
    """systemd or supervisor. Every act may be repeated, and raises UserError when the manager refuses it."""

    name: ClassVar[str]
    ours: ClassVar[bool]
    """It came with us: we start it, and with it goes all that it runs, the distribution's services too."""
    certificates: ClassVar[str]
    """The service that renews certificates: a timer where there are timers."""

    def look(self, host: Host, service: str) -> Look:
        """Asks about all services at once, and only once until something changes."""

    def define(self, host: Host, service: str) -> None:
        """Let the manager take in what the files say of the service, and start it at boot."""

    def start(self, host: Host, service: str) -> None: ...
    def stop(self, host: Host, service: str) -> None: ...
    def restart(self, host: Host, service: str) -> None: ...

    def reload(self, host: Host, service: str) -> None:
        """Let the service itself read its files again, without a pause."""

    def forget(self, host: Host, service: str) -> None:
        """Stop it, and never start it again."""

    def log_command(self, service: str, lines: int, *, follow: bool) -> list[str]:
        """The command that shows the last `lines` of what it wrote."""
