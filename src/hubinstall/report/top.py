"""Who is here, for people and for programs."""

import dataclasses
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from hubinstall.hubside.quantities import ago, of, size
from hubinstall.report.plan import printable

if TYPE_CHECKING:
    from hubinstall.verify.servers_now import Found, Server

RIGHT = {"CPU", "MEMORY", "HOME", "ACTIVE"}
"""Columns of numbers."""


def print_top(found: "Found", now: float, *, as_json: bool = False) -> None:
    """Print each server to stdout, the one with the most memory first; what is unknown, and a hint, to stderr."""
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=1))
        return
    for note in found.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    if not found.servers:
        print("Nobody's server is running.")
        return
    rows = [_row(server, now) for server in found.servers]
    names = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [dict(zip(names, names, strict=True)), *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in names}
    for line in lines:
        cells = [line[n].rjust(widths[n]) if n in RIGHT else line[n].ljust(widths[n]) for n in names]
        print("  ".join(cells).rstrip())
    memory, cpu = sum(one.memory for one in found.servers), sum(one.cpu for one in found.servers)
    number = f"{len(found.servers)} server{'' if len(found.servers) == 1 else 's'}"
    print(f"{number}: {size(memory)} of memory, {cpu:.2f} cores")


def _row(server: "Server", now: float) -> dict[str, str]:
    return {
        "PERSON": printable(server.person),
        "SERVER": printable(server.server),
        "STATE": "" if server.state == "ready" else server.state,
        "SINCE": f"{datetime.fromtimestamp(server.started).astimezone():%Y-%m-%d %H:%M}" if server.started else "",
        "CPU": f"{server.cpu:.2f}",
        "MEMORY": of(server.memory, server.memory_limit),
        "HOME": "" if server.home is None else of(server.home, server.home_limit),
        "ACTIVE": ago(now - server.last_activity) if server.last_activity else "",
        "IMAGE": printable(server.image),
    }
