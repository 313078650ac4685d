"""What people's servers have used, for people and for programs."""

import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING

from hubinstall.hubside.quantities import size
from hubinstall.report.plan import printable

if TYPE_CHECKING:
    from hubinstall.verify.servers_used import Used

HOUR = 3600


def print_used(used: "Used", *, as_json: bool = False) -> None:
    """Print each person to stdout, the one with the most processor time first."""
    if as_json:
        print(json.dumps(dataclasses.asdict(used), indent=1))
        return
    begin = f"{datetime.fromtimestamp(used.since).astimezone():%Y-%m-%d %H:%M}"
    if not used.people:
        print(f"Nobody's server has run since {begin}, as far as is written down.")
        return
    rows = [
        (printable(one.person), f"{one.seconds / HOUR:.1f}", f"{one.cpu / HOUR:.2f}", size(one.memory))
        for one in used.people
    ]
    lines = [("PERSON", "HOURS", "CPU HOURS", "MOST MEMORY"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(line[n].rjust(widths[n]) for n in (1, 2, 3))]
        print("  ".join(cells).rstrip())
    hours, cpu = (sum(getattr(one, name) for one in used.people) / HOUR for name in ("seconds", "cpu"))
    number = f"{len(used.people)} {'person' if len(used.people) == 1 else 'people'}"
    print(f"{number} since {begin}: {hours:.1f} hours of servers, {cpu:.2f} of processor time")
