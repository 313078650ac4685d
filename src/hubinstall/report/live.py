"""A run on a terminal: a line with a clock for each running step, and how far the run is; finished steps scroll up.

Rich honours NO_COLOR and restores the terminal.
"""

import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from hubinstall.report.log import Log
from hubinstall.report.plain import SIGN_OF_LIFE, Report
from hubinstall.report.progress_page import ProgressPage
from hubinstall.resources.base import Change

COUNT = ""
"""The name of the line with the number of steps."""
WORTH_A_LINE = 1.0
"""Seconds. Shorter steps leave no line behind."""


class _Words(TextColumn):
    """What a line is about; the line COUNT says how far the run is, also while no step begins or ends."""

    def __init__(self, count: Callable[[], str]) -> None:
        super().__init__("", markup=False)
        self._count = count

    def render(self, task: Task) -> Text:
        return Text(task.description if task.description != COUNT else self._count())


class LiveReport(Report):
    """A Report with the running steps at the bottom of the screen."""

    def __init__(
        self, log: Log, console: Console | None = None, *, verbose: bool = False, page: ProgressPage | None = None
    ) -> None:
        super().__init__(log, interval=SIGN_OF_LIFE, verbose=verbose, page=page)
        self._console = console or Console(stderr=True, highlight=False)
        self._lines = Progress(
            SpinnerColumn(), _Words(lambda: self._progress.words(time.monotonic())), TimeElapsedColumn(),
            console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._lines.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._quiet()
        self._ended_by(error)

    def _write(self, text: str) -> None:
        style = "red" if text.startswith("failed") else "yellow" if text.startswith("note:") else None
        self._console.print(text, style=style, markup=False, soft_wrap=True)

    def _show_running(self) -> None:
        steps = list(dict.fromkeys(self._words[id_] for id_ in self._running))
        wanted = [COUNT, *steps] if steps else [self._phase] if self._phase else []
        for name in self._tasks.keys() - set(wanted):
            self._lines.remove_task(self._tasks.pop(name))
        for name in wanted:
            if name not in self._tasks:
                self._tasks[name] = self._lines.add_task(name, total=None)

    def _announce(self, change: Change) -> None:
        """What is running is on the screen already."""

    def _ended(self, change: Change, took: float) -> None:
        if took >= WORTH_A_LINE:
            self._show(f"{self._words[change.id]}  {took:.1f} s")

    def _quiet(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._lines.stop()
