"""What people see of a run: steps, phases, failures and the summary. Prose goes to stderr, results to stdout.

Plain: one line per group of steps (names.py), and a sign of life while nothing else is printed; verbose: one per step.
On a terminal: live.py. The log has every step with its id and time.
Whatever happens to the screen (a closed pipe, a lost ssh connection) never stops a run.
"""

import contextlib
import sys
import threading
import time
import traceback
from dataclasses import replace
from types import TracebackType
from typing import IO, Any, Self

from hubinstall import __version__, layout
from hubinstall.engine.run import Outcome
from hubinstall.errors import UserError, of_system
from hubinstall.report import names
from hubinstall.report.log import Log
from hubinstall.report.plan import printable
from hubinstall.report.progress import Progress
from hubinstall.report.progress_page import ProgressPage, Shown
from hubinstall.report.result import Failure, Result, Step
from hubinstall.report.words import changed, counted
from hubinstall.resources.base import Change, Resource

SIGN_OF_LIFE = 30.0
"""After this many seconds without a line, one says what is still running."""
VERB_WIDTH = 7


class Report:
    """Prints plain lines about what happens; thread-safe. A context manager around the run."""

    def __init__(
        self, log: Log, screen: IO[str] | None = None, interval: float = SIGN_OF_LIFE, *, verbose: bool = False,
        quiet: bool = False, page: ProgressPage | None = None,
    ) -> None:  # fmt: skip
        """`verbose`: one line per step with its id and time, instead of one per group of steps. `quiet`: only failures
        and notes. `page`: where people can watch, too.
        """
        self._log = log
        self._screen = screen or sys.stderr
        self._interval = interval
        self._lock = threading.RLock()
        self._begun = self._spoken = time.monotonic()
        self._running: dict[str, float] = {}
        self._words: dict[str, str] = {}
        self._told: set[str] = set()
        self._progress = Progress(self._begun)
        self._verbose, self._is_quiet, self._page = verbose, quiet, page
        self._groups: dict[str, str] = {}
        self.result = Result()
        self._phase = ""
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True, name="sign of life")

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._heart.join(timeout=5)
        self._ended_by(error)

    def _ended_by(self, error: BaseException | None) -> None:
        if self._page:
            self._page.close()
        if error is not None:
            self._log.write(f"ended by {type(error).__name__}: {error}")

    # -- the engine's --------------------------------------------------------------------------------------

    def expected(self, resources: list[Resource]) -> None:
        with self._lock:
            self._progress.expect(resources)
            if self._page and (trouble := self._page.open(self.shown)):
                self._line(f"note: {trouble}", always=True)

    def settled(self, id_: str) -> None:
        with self._lock:
            self._progress.settle(id_)

    def started(self, change: Change) -> None:
        self._log.write(f"begin {change.verb} {change.id}: {', '.join(change.keys)}")
        if self._page:
            self._page.before(change.id)
        with self._lock:
            now = time.monotonic()
            self._running[change.id] = now
            words = names.words(change)
            self._words[change.id] = change.id if self._verbose else words
            self._groups[change.id] = words
            if change.verb != "remove":
                self._progress.start(change.id, now)
            self._announce(change)
            self._show_running()

    def finished(self, change: Change) -> None:
        with self._lock:
            self._progress.finish(change.id, time.monotonic())
            took = self._took(change.id)
            self.result.changes.append(Step(change.id, change.verb, round(took, 2)))
            line = f"{change.verb:<{VERB_WIDTH}} {change.id}  {took:.1f} s"
            if self._verbose:
                self._line(line)
            else:
                self._log.write(line)
                self._ended(change, took)
            self._show_running()

    def failed(self, id_: str, error: BaseException) -> None:
        """One step failed: print what happened and what to do; if it is our bug, the traceback goes to the log."""
        with self._lock:
            took = self._took(id_)
            known = of_system(error) if isinstance(error, OSError) else error
            if isinstance(known, UserError):
                words, hint = known.message, known.hint
            else:
                self._log.write("".join(traceback.format_exception(error)))
                words = f"{type(error).__name__}: {error}"
                hint = f"This is a bug in hubinstall {__version__}. Report it with the end of {layout.LOG_FILE}."
            self.result.failures.append(Failure(id_, words, hint))
            text = "\n".join(line for line in (words, hint) if line).replace("\n", "\n  ")
            self._line(f"{'failed':<{VERB_WIDTH}} {id_}  {took:.1f} s\n  {text}", always=True)
            self._show_running()

    # -- the verbs' ----------------------------------------------------------------------------------------

    def phase(self, text: str) -> None:
        """What the run does next, apart from steps."""
        with self._lock:
            self._phase = text
            self._line(text)
            self._show_running()

    def aside(self, text: str) -> None:
        """What a running step is waiting for."""
        with self._lock:
            self._line(text)

    def output(self, text: str) -> None:
        """A line of what a running step's program prints; the log has it already."""
        with self._lock:
            self._show(f"  {text}")

    def summary(self, outcome: Outcome, notices: list[str]) -> None:
        """The end of a successful run: what changed, and what a person should know."""
        with self._lock:
            self._phase = ""
            self._show_running()
            for notice in notices:
                self._line(f"note: {notice}", always=True)
            self.result.notes = list(notices)
            self._line(f"{changed(outcome)} in {time.monotonic() - self._begun:.0f} s")

    def failure(self, outcome: Outcome) -> None:
        """The end of a failed run: what was done and what was not started. The failures were printed before."""
        with self._lock:
            self._phase = ""
            self._show_running()
            self._line(f"{changed(outcome)}; {counted(len(outcome.failed), 'step')} failed", always=True)
            self.result.not_started = list(outcome.skipped)
            if outcome.skipped:
                ids = ", ".join(outcome.skipped)
                self._log.write(f"not started: {ids}")
                told = ids if self._verbose else counted(len(outcome.skipped), "step")
                self._show(f"not started: {told}", always=True)

    def say(self, text: str) -> None:
        """Print a result to stdout; not to the log, since it may contain a password."""
        self._quiet()
        with contextlib.suppress(OSError, ValueError):
            print(text, flush=True)

    def data(self, error: UserError | None = None, **more: Any) -> dict[str, Any]:
        """What the run has done until now (result.py)."""
        return replace(self.result, seconds=round(time.monotonic() - self._begun, 2)).as_dict(error, **more)

    def shown(self) -> Shown:
        """How far the run is, for the progress page."""
        with self._lock:
            states = dict.fromkeys(self._groups.values(), "done")
            states |= {self._groups[id_]: "running" for id_ in self._running if id_ in self._groups}
            states |= {self._groups[f.id]: "failed" for f in self.result.failures if f.id in self._groups}
            return Shown(self._progress.words(time.monotonic()), tuple(states.items()))

    # -- the screen ----------------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        print(text, file=self._screen, flush=True)

    def _announce(self, change: Change) -> None:
        """The first step of a group begins."""
        words = self._words[change.id]
        if not self._verbose and words not in self._told:
            self._told.add(words)
            self._line(self._step(words, change))

    def _step(self, words: str, change: Change) -> str:
        if change.verb == "remove":
            return words
        count, _, left = self._progress.words(time.monotonic()).partition(", ")
        return ", ".join(part for part in (count, words, left) if part)

    def _ended(self, change: Change, took: float) -> None:
        """Live only: a step has ended."""

    def _show_running(self) -> None:
        """Live only: the running steps have changed."""

    def _quiet(self) -> None:
        """Live only: stop drawing on the screen."""

    def _took(self, id_: str) -> float:
        now = time.monotonic()
        return now - self._running.pop(id_, now)

    def _line(self, text: str, *, always: bool = False) -> None:
        self._log.write(text)
        self._show(text, always=always)

    def _show(self, text: str, *, always: bool = False) -> None:
        """`always`: also if quiet."""
        if self._is_quiet and not always:
            return
        self._spoken = time.monotonic()
        with contextlib.suppress(OSError, ValueError):
            self._write(printable(text))

    def _beat(self) -> None:
        while not self._over.wait(max(0.05, self._spoken + self._interval - time.monotonic())):
            with self._lock:
                if not self._is_quiet and time.monotonic() - self._spoken >= self._interval:
                    self._line(self._still())

    def _still(self) -> str:
        now = time.monotonic()
        begun: dict[str, float] = {}
        for id_, since in self._running.items():
            begun.setdefault(self._words.get(id_, id_), since)
        steps = [f"{words} ({now - since:.0f} s)" for words, since in begun.items()]
        left = self._progress.left(now) if steps else ""
        running = ", ".join(steps) or self._phase or f"for {now - self._begun:.0f} s"
        return f"still running: {running}" + (f"; {left}" if left else "")
