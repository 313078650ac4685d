"""What the verbs do: one installation, from its settings to a verified machine, and away again."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from hubinstall import layout
from hubinstall.config.explain import placed
from hubinstall.config.yaml.parser import Document
from hubinstall.engine.journal import Journal
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Outcome, Run
from hubinstall.errors import UserError, of_system
from hubinstall.installation import inputs
from hubinstall.installation.inputs import keep_config
from hubinstall.installation.wishes import Wishes, read
from hubinstall.machine.host import Host
from hubinstall.preflight import checks, running_servers
from hubinstall.report.plain import Report
from hubinstall.report.words import counted
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.base import resource_id
from hubinstall.resources.kernel import FirewallTable
from hubinstall.resources.packages.apt import Packages, half_done, mend
from hubinstall.resources.services.service import Service

NOT_ON_THE_WAY_TO_A_CELL = {"share", "person"}


def apply(
    host: Host, wishes: Wishes, report: Report, given: Mapping[str, str] | None = None, *,
    may_stop_servers: bool = False,
) -> Outcome:  # fmt: skip
    """Bring the machine to the wishes, verify, take off what is no longer wished; or put back what this run changed.

    `given`: first passwords by account. Nothing is written, these neither, before the machine was found fit.
    `may_stop_servers`: those of people that the new settings leave out of reach.
    """
    found = checks.check(host, wishes.settings, wishes.facts, may_stop_servers=may_stop_servers)
    refuse(found, wishes.config.document)
    first_passwords.stage(host, given or {})
    if names := running_servers.servers(host, wishes.settings):
        report.phase(f"stopping people's servers: {running_servers.some(names)}")
        host.notice(
            f"{counted(len(names), 'server')} of people had to be stopped ({running_servers.some(names)}): "
            "files are kept, what was not saved and what ran is lost; people start them again on the hub's page"
        )
        with host.step("user servers"):
            running_servers.end(host, names)
    return _Application(host, wishes, report).apply()


def refuse(problems: list[checks.Problem], document: Document) -> None:
    """Raise all reasons why this machine cannot be worked on, at once; those that config.yaml has, with their place."""
    if problems:
        words = [
            str(placed(document, layout.CONFIG_FILE, p.at, p.message, p.hint)) if p.at else f"{p.message}\n  {p.hint}"
            for p in problems
        ]
        raise UserError("\n".join(words), code=max(p.code for p in problems))


class _Application:
    """One apply, with what it needs to undo itself."""

    def __init__(self, host: Host, wishes: Wishes, report: Report) -> None:
        self.host, self.wishes, self.report = host, wishes, report
        self.ledger = Ledger(host, layout.LEDGER)
        self.journal = Journal(host)
        self.run = Run(wishes.resources, host, self.ledger, report)

    def apply(self) -> Outcome:
        self.journal.sweep()
        if Packages.kind in self.ledger.touched().values() and half_done(self.host):
            mend(self.host)
        self.host.journal = self.journal
        with self.host.step("settings"):
            keep_config(self.host, self.wishes.config.text)
        with _signals(self.run.stop.set):
            outcome = self.run.apply()
        if outcome.failed:
            self._give_up()
        if self.run.stop.is_set():
            raise UserError(
                f"interrupted: {counted(len(outcome.done), 'step')} done, {len(outcome.skipped)} not begun",
                "Nothing is half-done. Run `hubinstall apply` to go on.",
            )
        self._verify()
        self.host.journal = None
        with self.host.step("accept"):
            if self.ledger.touched():
                # What commands wrote (packages, Docker's layers, links of systemctl) must outlive a power cut, too.
                self.host.run(["sync", "-f", *filter(self.host.exists, layout.FILE_SYSTEMS)], check=False)
            inputs.accept(self.host)
            self.journal.close()
            self.ledger.finish()
        self.run.remove(self.ledger.unwanted(self.wishes.resources))
        if outcome.failed:
            raise UserError("not everything that is no longer wished could be removed", "See above; then run again.")
        return outcome

    def _verify(self) -> None:
        """Log in for real when something on the way to a cell changed, in this run or in one that was killed."""
        if set(self.ledger.touched().values()) <= NOT_ON_THE_WAY_TO_A_CELL:
            return
        from hubinstall.verify.probe import verify  # noqa: PLC0415 - HTTP and TLS are slow to import, and only needed here

        try:
            with _signals(_interrupt), self.host.step("verify"):
                verify(self.host, self.wishes.settings, self.wishes.facts, self.report)
        except UserError as error:
            self.run.outcome.failed["verify"] = error
            self.report.failed("verify", error)
            self._give_up()
        except KeyboardInterrupt:
            raise UserError(
                "interrupted: all steps are done, and it was not seen yet whether they work",
                "Run `hubinstall apply` to go on.",
            ) from None

    def _give_up(self) -> NoReturn:
        """End a run that failed. What worked before is put back; a first install is left to be gone on with."""
        outcome = self.run.outcome
        self.report.failure(outcome)
        if self.ledger.installed:
            self.report.phase("putting back what was changed")
            with _signals(lambda: None):
                hint = self._put_back()
        else:
            hint = "Mend the cause and run it again: what is done stays done. `hubinstall uninstall --yes` removes it."
        raise UserError(f"failed: {', '.join(outcome.failed)}", f"{hint}\nThe whole output is in {layout.LOG_FILE}.")

    def _put_back(self) -> str:
        """Go back to what worked last: files, what people wrote, then all that follows from it. Says how it went."""
        self.host.journal = None
        with self.host.step("put back"):
            self.ledger.unsettle()  # first: a run that is killed here must not take what is put back for a hand's edit
            left, refused = self.journal.put_back(), list[str]()
        try:
            refused = inputs.put_back(self.host)
            if not (refused and self._as_before()):
                left = self.journal.put_back()
                left += self._start_again()
            if not left:
                self.journal.close()
        except (UserError, OSError) as error:
            left.append(str(of_system(error) if isinstance(error, OSError) else error))
        if left:
            on = "Mend that and run `hubinstall apply`: it goes on from here."
            return "\n".join(["Not everything could be put back:", *left, *refused, on])
        return "\n".join(["The machine is back as it was when all worked last.", *refused])

    def _as_before(self) -> bool:
        """What people wrote before leads back, by the usual way; with a newer version of this tool it may fail, too."""
        self.host.journal = self.journal
        old = read(self.host)
        run = Run(old.resources, self.host, self.ledger, self.report)
        if not run.apply().failed:
            run.remove(self.ledger.unwanted(old.resources, new=True))
        self.host.journal = None
        return not run.outcome.failed

    def _start_again(self) -> list[str]:
        """Let whatever was touched take up the files that are there again; says what does not."""
        left = []
        for resource in self.wishes.resources:
            if isinstance(resource, Service | FirewallTable) and resource_id(resource) in self.ledger.touched():
                try:
                    resource.start_again(self.host)
                except UserError as error:
                    left.append(str(error))
        return left


@contextlib.contextmanager
def _signals(act: Callable[[], object]) -> Iterator[None]:
    """SIGTERM and Ctrl-C do `act`, and nothing else, within the block."""
    before = {s: signal.signal(s, lambda *_: act()) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt
