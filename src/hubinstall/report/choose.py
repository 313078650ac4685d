"""Which report a run gets: live on a terminal, plain elsewhere."""

import os
import sys
from dataclasses import dataclass

from hubinstall.report.log import Log
from hubinstall.report.plain import Report
from hubinstall.report.progress_page import ProgressPage


@dataclass(frozen=True)
class Output:
    """What the flags ask for. `json`: the result as JSON on stdout, instead of prose."""

    plain: bool = False
    verbose: bool = False
    quiet: bool = False
    json: bool = False
    page: ProgressPage | None = None


def make_report(log: Log, output: Output = Output()) -> Report:
    """Live on a terminal that can, plain otherwise, or as `output` says."""
    dumb = os.environ.get("TERM", "dumb") in {"", "dumb"}
    if output.plain or output.quiet or dumb or not sys.stderr.isatty():
        return Report(log, verbose=output.verbose, quiet=output.quiet, page=output.page)
    from hubinstall.report.live import LiveReport  # noqa: PLC0415 - rich is slow to import, and only needed here

    return LiveReport(log, verbose=output.verbose, page=output.page)
