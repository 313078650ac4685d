"""Services. Restarting is a state, not an event: "has it been started with what is there now?"

A service's launcher puts a digest of what it starts with into the environment, where it stays readable in
/proc/PID/environ (proc(5)) under either process manager. A service that reloads keeps a record instead, written
after each good reload; a oneshot writes the digest when it is done.
"""

import hashlib
import socket
import time
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine import unix_http
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listeners
from hubinstall.machine.process_managers.base import Look, Manager
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.base import KEPT, Change, State, look

FAILURES = 12
"""So often may a service be seen failed before we give up: it may need a second attempt, not a hundred."""
REPLACED_WITHIN = 10.0
"""Seconds. A reload that starts no new workers has failed."""
ANSWERS_WITHIN = 2.0
"""Seconds until a connection must be accepted."""
EVERY = 0.2
"""Seconds between two looks at a service that is on its way up."""


@dataclass(frozen=True)
class Service:
    """A service that runs, starts at boot, and was started with what is there now.

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
    """A program that is run with the argument "undo" after the service is gone, if it leaves something behind."""
    started_with: str = ""
    oneshot: bool = False
    ready: str = ""
    timeout: float = 90
    """Seconds until it must be up."""
    reloads: "Reloads | None" = None
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"enabled": True, "running": True, "started_with": self.started_with}

    def actual(self, host: Host) -> State | None:
        seen = self._manager.look(host, self.name)
        # A unit file that nobody enabled or started is no service yet.
        if not (seen.running or (seen.known and seen.enabled)):
            return None
        return {"enabled": seen.enabled, "running": seen.running, "started_with": self._started_with(host, seen)}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        self._manager.define(host, self.name)
        seen = self._manager.look(host, self.name)
        if not seen.running:
            self._manager.start(host, self.name)
        elif self._started_with(host, seen) != self.started_with:
            self._renew(host)
        self._wait(host, any_configuration=False)

    def start_again(self, host: Host) -> None:
        """After the files were put back: whatever it runs with, start it with what is there."""
        self._manager.define(host, self.name)
        if self._manager.look(host, self.name).running:
            self._renew(host)
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

    def _renew(self, host: Host) -> None:
        """Take up the new configuration in the gentlest way that there is."""
        if self.reloads:
            host.query(list(self.reloads.check))
            before = self.reloads.workers(host)
            self._manager.reload(host, self.name)
            if not self.reloads.replaced(host, before):
                self._manager.restart(host, self.name)
            host.run([self.reloads.recorder])
        elif self.started_with:
            self._manager.restart(host, self.name)

    def _wait(self, host: Host, *, any_configuration: bool) -> None:
        """Until it is up and answers. Raises UserError with the end of its log when it does not come up."""
        failures, deadline = 0, time.monotonic() + self.timeout
        while True:
            seen = self._manager.look(host, self.name)
            settled = seen.running if any_configuration else look(self, host) is None
            thief = taken(host, self.ready, seen.pid)
            if settled and not thief and answers(host, self.ready):
                return
            failures += seen.failed
            if failures > FAILURES or time.monotonic() > deadline:
                raise UserError(f"{self.name} does not come up: {thief or seen.words}", self._last_words(host))
            host.wait(EVERY)

    def _last_words(self, host: Host) -> str:
        shown = host.query(self._manager.log_command(self.name, 15, follow=False), check=False).stdout.strip()
        return f"{shown}\nMend what it says; more: hubinstall logs {self.name}".strip()


@dataclass(frozen=True)
class Reloads:
    """How a service reads its configuration again, and knows what it has read.

    `record` holds one digest, and below it those of the files in `watches` (certificates, whose content only the
    machine knows); `recorder` writes it from what lies on the disk.
    """

    check: tuple[str, ...]
    record: str
    recorder: str
    watches: tuple[str, ...] = ()
    pid_file: str = ""
    """Of the master whose workers a reload replaces; those from before answer for a moment longer."""

    def loaded(self, host: Host) -> str:
        """The digest of the configuration that is in use; something else where a watched file has changed since."""
        loaded, *_ = host.text(self.record).splitlines() or [""]
        return f"older files, {loaded}" if self.is_outdated(host) else loaded

    def is_outdated(self, host: Host) -> bool:
        """Whether a watched file has changed since."""
        _, *watched = host.text(self.record).splitlines() or [""]
        return watched != [watched_line(host, path) for path in self.watches]

    def workers(self, host: Host) -> dict[int, str]:
        """Number → title (proc(5), cmdline) of the processes that answer."""
        master = host.text(self.pid_file).strip() if self.pid_file else ""
        children = host.text(f"/proc/{master}/task/{master}/children").split() if master.isdigit() else []
        titles = {int(pid): host.text(f"/proc/{pid}/cmdline") for pid in children}
        return {pid: title for pid, title in titles.items() if title.strip("\0") and "shutting down" not in title}

    def replaced(self, host: Host, before: dict[int, str]) -> bool:
        """Wait until none of the workers from before takes a connection any more. False: the reload has failed.

        nginx says only in its log that it goes on as before: it cannot listen at one address of a port while it
        listens at every address of it, or the other way round, although the new configuration is good.
        """
        deadline = time.monotonic() + REPLACED_WITHIN
        while before.keys() & (now := self.workers(host).keys()) and time.monotonic() < deadline:
            time.sleep(EVERY / 4)
        return not before or now != before.keys()


def watched_line(host: Host, path: str) -> str:
    """As sha256sum(1) prints it; empty where there is no file, as when it fails."""
    content = host.read(path)
    return "-" if content is None else hashlib.sha256(content).hexdigest()


def environment(host: Host, pid: int) -> dict[str, str]:
    """The environment with which a process was started; nothing when there is none."""
    content = (host.read(f"/proc/{pid}/environ") or b"").decode(errors="replace") if pid else ""
    return dict(entry.split("=", 1) for entry in content.split("\0") if "=" in entry)


def started_with(configured: str, files: list[tuple[str, str]]) -> str:
    """What a launcher computes with sha256sum(1): of `configured` and of (path, SHA-256) of each file, in order."""
    lines = [configured, *(f"{sha}  {path}" for path, sha in files)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def taken(host: Host, address: str, pid: int) -> str:
    """Which program other than `pid` listens at HOST:PORT, in words; empty when none does."""
    server, _, port = address.rpartition(":")
    if not server or address.startswith("/"):
        return ""
    others = (f for f in listeners(host, {int(port)}) if f.pid != pid and (f.anywhere or f.address == server))
    return next((f"port {port} on {server} is used by {other}; stop that program" for other in others), "")


def answers(host: Host, address: str) -> bool:
    """Whether something accepts connections at a unix socket or HOST:PORT; true where no address is given."""
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
