"""One apply from start to end: preflight, changes, verification; and the rollback if it fails."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from hubinstall import layout
from hubinstall.engine.journal import Journal
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Outcome, Run
from hubinstall.errors import UserError, of_system
from hubinstall.installation import inputs, preflight
from hubinstall.installation.desired_state import DesiredState, read
from hubinstall.installation.inputs import keep_config
from hubinstall.machine.host import Host
from hubinstall.preflight import running_servers
from hubinstall.report.plain import Report
from hubinstall.report.words import counted
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.base import resource_id
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.kernel import FirewallTable
from hubinstall.resources.packages import offline
from hubinstall.resources.packages.apt import Packages, half_done, repair
from hubinstall.resources.services.database import Database
from hubinstall.resources.services.service import Service

NOT_ON_THE_WAY_TO_A_CELL = {"share", "person"}


class RestoredError(UserError):
    """A run failed, and everything is as it was when it last worked. `first`: what failed first."""

    def __init__(self, message: str, hint: str, first: BaseException) -> None:
        super().__init__(message, hint)
        self.first = first


def apply(
    host: Host, desired: DesiredState, report: Report, given: Mapping[str, str] | None = None, *,
    may_stop_servers: bool = False,
) -> Outcome:  # fmt: skip
    """Bring the machine to the desired state, verify it and remove what is no longer wanted; or roll this run back.

    `given`: first passwords by account. Nothing is written before the preflight checks pass, not even these.
    `may_stop_servers`: people's servers that the new settings would cut off may be stopped.
    """
    preflight.refuse(host, desired, may_stop_servers=may_stop_servers)
    for words in preflight.lockouts_in_words(host, desired):
        report.aside(f"note: {words}")
    first_passwords.stage(host, given or {})
    if names := running_servers.servers(host, desired.settings):
        report.phase(f"stopping people's servers: {running_servers.some(names)}")
        host.notice(
            f"{counted(len(names), 'server')} had to be stopped ({running_servers.some(names)}): files are kept, "
            "unsaved work and running computations are lost; people can start their servers again on the hub's page"
        )
        with host.step("user servers"):
            running_servers.end(host, names)
    return _Application(host, desired, report).apply()


class _Application:
    """One apply, with what it needs for its rollback."""

    def __init__(self, host: Host, desired: DesiredState, report: Report) -> None:
        self.host, self.desired, self.report = host, desired, report
        self.ledger = Ledger(host, layout.LEDGER)
        self.journal = Journal(host)
        self.run = Run(desired.resources, host, self.ledger, report)

    def apply(self) -> Outcome:
        self.journal.sweep()
        if Packages.kind in self.ledger.touched().values() and half_done(self.host):
            repair(self.host)
        self.host.journal = self.journal
        with self.host.step("settings"):
            keep_config(self.host, self.desired.config.text)
        with _signals(self.run.stop.set):
            outcome = self.run.apply()
        if outcome.failed:
            self._give_up()
        if self.run.stop.is_set():
            raise UserError(
                f"interrupted: {counted(len(outcome.done), 'step')} completed, {len(outcome.skipped)} not started",
                "Completed steps are kept, and none is half-done. Run `hubinstall apply` to continue.",
            )
        self._verify()
        self.host.journal = None
        with self.host.step("accept"):
            if self.ledger.touched():
                # What commands wrote (packages, Docker's layers, systemctl's links) must survive a power failure too.
                self.host.run(["sync", "-f", *filter(self.host.exists, layout.FILE_SYSTEMS)], check=False)
            inputs.accept(self.host)
            self.journal.close()
            self.ledger.finish()
        offline.discard(self.host)
        self.run.remove(self.ledger.unwanted(self.desired.resources))
        if outcome.failed:
            raise UserError(
                "not everything that is no longer needed could be removed",
                "Fix the problems listed above, then run it again.",
            )
        return outcome

    def _verify(self) -> None:
        """Log in and run a cell if anything that this depends on has changed, in this run or in a killed one."""
        if set(self.ledger.touched().values()) <= NOT_ON_THE_WAY_TO_A_CELL:
            return
        from hubinstall.verify.probe import verify  # noqa: PLC0415 - HTTP and TLS are slow to import, and only needed here

        try:
            with _signals(_interrupt), self.host.step("verify"):
                verify(self.host, self.desired.settings, self.desired.facts, self.report)
        except UserError as error:
            self.run.outcome.failed["verify"] = error
            self.report.failed("verify", error)
            self._give_up()
        except KeyboardInterrupt:
            raise UserError(
                "interrupted: all steps are completed, but whether the hub works was not verified",
                "Run `hubinstall apply` to continue.",
            ) from None

    def _give_up(self) -> NoReturn:
        """End a failed run. It is rolled back to what worked before; a first install stays, so that it can continue."""
        outcome = self.run.outcome
        self.report.failure(outcome)
        words = f"failed: {', '.join(outcome.failed)}"
        log = f"The full output is in {layout.LOG_FILE}."
        if self.ledger.installed:
            self.report.phase("rolling back the changes")
            with _signals(lambda: None):
                left, refused = self._put_back()
            if not left:
                hint = "\n".join(["The machine is back as it was when everything last worked.", *refused, log])
                raise RestoredError(words, hint, next(iter(outcome.failed.values())))
            on = "Fix these problems, then run `hubinstall apply`: it continues from here."
            hint = "\n".join(["Not everything could be restored:", *left, *refused, on])
        else:
            hint = (
                "Fix the problems listed above, then run it again: completed steps are kept. To remove them, run"
                " `hubinstall uninstall --yes`."
            )
        raise UserError(words, f"{hint}\n{log}")

    def _put_back(self) -> tuple[list[str], list[str]]:
        """Restore what worked last: files, people's own files, then what follows from them. Returns what could not be
        restored, and what to tell about people's files.
        """
        self.host.journal = None
        with self.host.step("put back"):
            self.ledger.unsettle()  # first: otherwise, after a kill here, restored files would look edited by hand
            left, refused = [*self._end_new_services(), *self._restore()], list[str]()
        try:
            refused = inputs.put_back(self.host)
            if not (refused and self._as_before()):
                left = self._restore()
                left += self._start_again()
            if not left:
                self.journal.close()
        except (UserError, OSError) as error:
            left.append(str(of_system(error) if isinstance(error, OSError) else error))
        return left, refused

    def _restore(self) -> list[str]:
        """Restore every file; returns what could not be restored and why."""
        left = []
        for database in self._databases():
            try:
                database.release(self.host)
            except UserError as error:
                left.append(str(error))
        return left + self.journal.put_back()

    def _databases(self) -> list[Database]:
        """Those that were upgraded since the last complete apply: their services were stopped for it."""
        touched = self.ledger.touched()
        return [r for r in self.desired.resources if isinstance(r, Database) and resource_id(r) in touched]

    def _as_before(self) -> bool:
        """Apply people's restored files in the usual way; with a newer version of this tool that may fail too."""
        self.host.journal = self.journal
        old = read(self.host)
        run = Run(old.resources, self.host, self.ledger, self.report)
        if not run.apply().failed:
            run.remove(self.ledger.unwanted(old.resources, new=True))
        self.host.journal = None
        return not run.outcome.failed

    def _new_services(self) -> list[Service]:
        return [r for r in self.ledger.unwanted([], new=True) if isinstance(r, Service)]

    def _end_new_services(self) -> list[str]:
        """While their files are still there; returns what went wrong."""
        left = []
        for service in self._new_services():
            try:
                service.remove(self.host)
            except UserError as error:
                left.append(str(error))
        return left

    def _start_again(self) -> list[str]:
        """Let every touched service load the restored files, and start what was stopped; returns what went wrong."""
        left, touched = [], self.ledger.touched().keys() | {database.service for database in self._databases()}
        new = {resource_id(service) for service in self._new_services()}
        for resource in self.desired.resources:
            if resource_id(resource) in new or not touched & {resource_id(resource), resource.name}:
                continue
            if isinstance(resource, Service | FirewallTable | LiveRestore):
                try:
                    resource.start_again(self.host)
                except UserError as error:
                    left.append(str(error))
        return left


@contextlib.contextmanager
def _signals(act: Callable[[], object]) -> Iterator[None]:
    """Within the block, SIGTERM and Ctrl-C call `act` and do nothing else."""
    before = {s: signal.signal(s, lambda *_: act()) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt
