"""Services. A restart is a state, not an event: "was it started with the files that are there now?"

A service's launcher puts a digest of what it starts with into the environment, where it can be read in
/proc/PID/environ (proc(5)) under either process manager. For a service that reloads there is a record instead, written
after each successful reload; a oneshot writes the digest when it is done.
"""

import hashlib
import socket
import time
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine import unix_http
from hubinstall.machine.activity import Patience
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listeners
from hubinstall.machine.process_managers.base import Look, Manager
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.base import KEPT, Change, State, look

FAILURES = 12
"""How many checks may find a service failed before we give up: it may need a second attempt, but not a hundred."""
REPLACED_WITHIN, REPLACED_AT_LAST = 10.0, 120.0
"""Seconds without progress of the master process, and in all, after which a reload without new workers has failed."""
SLOWEST = 20.0
"""How many times slower than usual a machine may be: a service that is busy for so long does not come up either."""
ANSWERS_WITHIN = 2.0
"""Seconds until a connection must be accepted."""
EVERY = 0.2
"""Seconds between two checks of a service that is starting."""


@dataclass(frozen=True)
class Service:
    """A service that runs, starts at boot, and was started with the files that are there now.

    `started_with` empty: it is never restarted. `ready`: a unix socket's path or HOST:PORT that accepts connections
    when the service is up. `distribution`: its unit is not ours, so removal leaves it alone.
    """

    kind: ClassVar[str] = "service"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    manager: str = field(default="systemd", metadata=KEPT)
    distribution: bool = field(default=False, metadata=KEPT)
    undo: str = field(default="", metadata=KEPT)
    """A program that is run with the argument "undo" after the service is removed, if it leaves something behind."""
    started_with: str = ""
    oneshot: bool = False
    ready: str = ""
    timeout: float = 90
    """Seconds without any progress after which it does not come up."""
    reloads: "Reloads | None" = None
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"enabled": True, "running": True, "started_with": self.started_with}

    def actual(self, host: Host) -> State | None:
        seen = self._manager.look(host, self.name)
        # A unit that is neither enabled nor started does not count as a service yet.
        if not (seen.running or (seen.known and seen.enabled)):
            return None
        return {"enabled": seen.enabled, "running": seen.running, "started_with": self._started_with(host, seen)}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        self._manager.define(host, self.name)
        seen = self._manager.look(host, self.name)
        if not (seen.running or seen.pid):
            self._manager.start(host, self.name)
        elif self._started_with(host, seen) != self.started_with:
            self._renew(host, seen)
        self._wait(host, any_configuration=False)

    def start_again(self, host: Host) -> None:
        """After a rollback: let it load the restored files, whatever it runs with now."""
        self._manager.define(host, self.name)
        seen = self._manager.look(host, self.name)
        if seen.running or seen.pid:
            self._renew(host, seen)
        else:
            self._manager.start(host, self.name)
        self._wait(host, any_configuration=True)

    def remove(self, host: Host) -> None:
        if not self.distribution or self._manager.ours:
            self._manager.forget(host, self.name)
        if self.undo and host.exists(self.undo):
            host.run([self.undo, "undo"], check=False)

    @property
    def _manager(self) -> Manager:
        return MANAGERS[self.manager]

    def _started_with(self, host: Host, seen: Look) -> str:
        if not self.started_with or not seen.running:
            return ""
        if self.reloads:
            return self.reloads.loaded(host)
        if self.oneshot:
            return host.text(layout.done(self.name)).strip()
        return environment(host, seen.pid).get(layout.STARTED_WITH, "")

    def _renew(self, host: Host, seen: Look) -> None:
        """Load the new configuration: by a reload if the service can, else by a restart.

        Also a process that is still starting, which a start would leave alone: it may have read older files.
        """
        if self.reloads and seen.running:
            self.reloads.reload(host, self._manager, self.name)
        elif self.started_with:
            self._manager.restart(host, self.name)

    def _wait(self, host: Host, *, any_configuration: bool) -> None:
        """Wait until it is up and answers. Raises UserError with the end of its log if it does not come up."""
        failures, patience = 0, Patience(self.timeout, SLOWEST * self.timeout, host.path("/proc"))
        while True:
            seen = self._manager.look(host, self.name)
            settled = seen.running if any_configuration else look(self, host) is None
            thief = taken(host, self.ready, seen.pid)
            if settled and not thief and answers(host, self.ready):
                return
            failures += seen.failed
            if failures > FAILURES or patience.is_over(seen.pid):
                raise UserError(f"{self.name} does not come up: {thief or seen.words}", self._last_words(host))
            host.wait(EVERY)

    def _last_words(self, host: Host) -> str:
        shown = host.query(self._manager.log_command(self.name, 15, follow=False), check=False).stdout.strip()
        shown = "\n".join(dict.fromkeys(shown.splitlines()))  # each attempt to start says the same
        return f"{shown}\nFix what the log says; to see more of it, run: hubinstall logs {self.name}".strip()


@dataclass(frozen=True)
class Reloads:
    """How a service reloads its configuration, and how we know which one it has loaded.

    `record` holds one digest, and below it those of the files in `watches` (certificates, whose content only the
    machine knows); `recorder` writes it from the files on the disk. `check`: the command that fails if the service
    would refuse its files; empty: the service's unit checks them.
    """

    check: tuple[str, ...]
    record: str
    recorder: str
    watches: tuple[str, ...] = ()
    pid_file: str = ""
    """The PID file of the master process. A reload replaces its workers; the old ones still answer for a moment."""

    def reload(self, host: Host, manager: Manager, service: str) -> None:
        """Load the files that are there now; restart the service only where it cannot reload them.

        Raises CommandError if it would refuse them.
        """
        if self.check:
            host.query(list(self.check))
        before = self.workers(host)
        manager.reload(host, service)
        if not self.replaced(host, before):
            manager.restart(host, service)
        host.run([self.recorder])

    def loaded(self, host: Host) -> str:
        """The digest of the loaded configuration; something else if a watched file has changed since."""
        loaded, *_ = host.text(self.record).splitlines() or [""]
        return f"older files, {loaded}" if self.is_outdated(host) else loaded

    def is_outdated(self, host: Host) -> bool:
        """Whether a watched file has changed since."""
        _, *watched = host.text(self.record).splitlines() or [""]
        return watched != [watched_line(host, path) for path in self.watches]

    def workers(self, host: Host) -> dict[int, str]:
        """PID → title (proc(5), cmdline) of the processes that accept connections."""
        master = host.text(self.pid_file).strip() if self.pid_file else ""
        children = host.text(f"/proc/{master}/task/{master}/children").split() if master.isdigit() else []
        titles = {int(pid): host.text(f"/proc/{pid}/cmdline") for pid in children}
        return {pid: title for pid, title in titles.items() if title.strip("\0") and "shutting down" not in title}

    def replaced(self, host: Host, before: dict[int, str]) -> bool:
        """Wait until no old worker accepts connections any more. False: the reload has failed.

        A reload fails although the configuration is valid if nginx listened on one address of a port and now must
        listen on all of them, or the other way round. nginx then keeps the old configuration and says so only in its
        log.
        """
        patience = Patience(REPLACED_WITHIN, REPLACED_AT_LAST, host.path("/proc"))
        master = host.text(self.pid_file).strip() if self.pid_file else ""
        while before.keys() & (now := self.workers(host).keys()):
            if patience.is_over(int(master) if master.isdigit() else 0):
                break
            time.sleep(EVERY / 4)
        return not before or now != before.keys()


def watched_line(host: Host, path: str) -> str:
    """The SHA-256 of a file as sha256sum(1) prints it; "-" if there is no file, as the recorder writes it then."""
    content = host.read(path)
    return "-" if content is None else hashlib.sha256(content).hexdigest()


def environment(host: Host, pid: int) -> dict[str, str]:
    """The environment with which a process was started; empty if there is no such process."""
    content = (host.read(f"/proc/{pid}/environ") or b"").decode(errors="replace") if pid else ""
    return dict(entry.split("=", 1) for entry in content.split("\0") if "=" in entry)


def started_with(configured: str, files: list[tuple[str, str]]) -> str:
    """What a launcher computes with sha256sum(1): a digest of `configured` and the (path, SHA-256) of each file."""
    lines = [configured, *(f"{sha}  {path}" for path, sha in files)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def taken(host: Host, address: str, pid: int) -> str:
    """Which program other than `pid` listens on HOST:PORT, in words; empty if none does."""
    server, _, port = address.rpartition(":")
    if not server or address.startswith("/"):
        return ""
    others = (f for f in listeners(host, {int(port)}) if f.pid != pid and (f.anywhere or f.address == server))
    return next((f"port {port} on {server} is used by {other}; stop that program" for other in others), "")


def answers(host: Host, address: str) -> bool:
    """Whether something accepts connections at a unix socket or HOST:PORT; true if no address is given."""
    if not address:
        return True
    server, _, port = address.rpartition(":")
    try:
        if address.startswith("/"):
            unix_http.connect(str(host.path(address)), ANSWERS_WITHIN).close()
        else:
            socket.create_connection((server, int(port)), ANSWERS_WITHIN).close()
    except OSError:
        return False
    return True
