"""A run on a terminal: a line with a clock for each running step; finished steps scroll up.

Rich honours NO_COLOR and restores the terminal.
"""

import contextlib
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from hubinstall.report.log import Log
from hubinstall.report.plain import SIGN_OF_LIFE, Report


class LiveReport(Report):
    """A Report with the running steps at the bottom of the screen."""

    def __init__(self, log: Log, console: Console | None = None) -> None:
        super().__init__(log, interval=SIGN_OF_LIFE)
        self._console = console or Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(),
            console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._quiet()
        if error is not None:
            self._log.write(f"ended by {type(error).__name__}: {error}")

    def _write(self, text: str) -> None:
        style = "red" if text.startswith("failed") else "yellow" if text.startswith("note:") else None
        self._console.print(text, style=style, markup=False, soft_wrap=True)

    def _show_running(self) -> None:
        wanted = [*self._running] or ([self._phase] if self._phase else [])
        for name in self._tasks.keys() - set(wanted):
            self._progress.remove_task(self._tasks.pop(name))
        for name in wanted:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=None)

    def _quiet(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._progress.stop()
