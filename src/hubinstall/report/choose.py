"""Which report a run gets: live on a terminal, plain elsewhere."""

import os
import sys

from hubinstall.report.log import Log
from hubinstall.report.plain import Report


def make_report(log: Log, *, plain: bool | None = None, verbose: bool = False) -> Report:
    """Live on a terminal that can, plain otherwise, or as `plain` says."""
    dumb = os.environ.get("TERM", "dumb") in {"", "dumb"}
    if plain or dumb or not sys.stderr.isatty():
        return Report(log, verbose=verbose)
    from hubinstall.report.live import LiveReport  # noqa: PLC0415 - rich is slow to import, and only needed here

    return LiveReport(log, verbose=verbose)
