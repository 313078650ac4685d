"""Says in JupyterLab what a memory limit has ended, and why; and lets it end kernels rather than the server.

An extension of Jupyter's server. What it says is an event of the server's (jupyter_server, "Eventing"), which
JupyterLab hears without asking; the extension that shows announcements shows it.

How much memory is used, beside the limit, is asked for by jupyter-resource-usage's page in JupyterLab. Its own server
part adds up the processes every second, and does not see what files in /tmp and /dev/shm take of the limit; the kernel
counts both, and tells it in two files.
"""

import json
from dataclasses import dataclass
from glob import glob
from typing import Any

from tornado.ioloop import PeriodicCallback

EVERY = 2000
"""Milliseconds between two looks; each reads a few files of the kernel's memory."""
SCHEMA = "urn:hubinstall:memory"
DESCRIBED = {
    "$id": SCHEMA,
    "version": "1",
    "title": "A memory limit has ended a program",
    "type": "object",
    "properties": {"text": {"type": "string", "description": "What people read"}},
    "required": ["text"],
}
VERSION_2, VERSION_1 = "/sys/fs/cgroup", "/sys/fs/cgroup/memory"
"""Where a container sees its own control group (the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory)."""
MOST = 1 << 50
"""A limit above it is none: version 1 has no word for that."""
SHORT = 0.9
"""Of the limit: from there on JupyterLab shows the use in red."""
SOONER = 200
"""So much more likely than the server, of 1000, its programs are ended (oom_score_adj, proc(5))."""
GONE = "What it had in memory is lost; files that were saved are not."


@dataclass(frozen=True)
class Counts:
    """`ended`: programs of this server that a limit has ended. `full`: how often its own limit was reached."""

    ended: int
    full: int


def counts() -> Counts:
    if events := read(f"{VERSION_2}/memory.events"):
        return Counts(ended=number(events, "oom_kill"), full=number(events, "oom"))
    # Newer kernels no longer count here how often the limit was reached (memory.failcnt), but still the most that was
    # used: below the limit it was not reached.
    ended = number(read(f"{VERSION_1}/memory.oom_control"), "oom_kill")
    used = number(read(f"{VERSION_1}/memory.max_usage_in_bytes"))
    return Counts(ended, full=ended if used > 0.99 * limit() else 0)


def number(text: str, key: str = "") -> int:
    """The number after `key` in a file of the kernel's, or all that it says; 0 if it says none."""
    words = text.split()
    place = words.index(key) + 1 if key in words else 0
    return int(words[place]) if place < len(words) and words[place].isdecimal() else 0


def read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def why(before: Counts, now: Counts, most: int) -> str:
    """What people read; empty if nothing was ended."""
    if now.ended <= before.ended:
        return ""
    if now.full > before.full and 0 < most < MOST:
        return f"A kernel or another program was ended: it used more than this server's {size(most)} of memory. {GONE}"
    return f"A kernel or another program was ended, because the machine's memory for all servers was used up. {GONE}"


def limit() -> int:
    """Bytes; 0: none."""
    return number(read(f"{VERSION_2}/memory.max") or read(f"{VERSION_1}/memory.limit_in_bytes"))


def used() -> int:
    """Bytes, as `hubinstall top` counts: without the content of files that the kernel gives up first."""
    if all_of_it := number(read(f"{VERSION_2}/memory.current")):
        return max(0, all_of_it - number(read(f"{VERSION_2}/memory.stat"), "inactive_file"))
    all_of_it = number(read(f"{VERSION_1}/memory.usage_in_bytes"))
    return max(0, all_of_it - number(read(f"{VERSION_1}/memory.stat"), "total_inactive_file"))


def use() -> dict[str, Any]:
    """As jupyter-resource-usage's page reads it (its api.py); a limit of 0 is shown as none."""
    now, most = used(), limit()
    most = most if most < MOST else 0
    return {"rss": now, "limits": {"memory": {"rss": most, "warn": 0 < most * SHORT < now}}}


def size(most: int) -> str:
    return f"{most / 2**30:.3g} GB" if most >= 2**30 else f"{most / 2**20:.0f} MB"


def prefer_programs() -> None:
    """When memory is short, what the server has started (kernels, terminals) is ended before the server itself."""
    own = read("/proc/self/oom_score_adj").strip()
    if not own:
        return
    for child in " ".join(map(read, glob("/proc/self/task/*/children"))).split():
        path = f"/proc/{child}/oom_score_adj"
        if read(path).strip() == own:
            try:
                with open(path, "w", encoding="ascii") as file:
                    file.write(str(min(1000, int(own) + SOONER)))
            except OSError:
                pass  # it has just ended


def tells_use() -> type:
    """The handler of jupyter-resource-usage's address."""
    from jupyter_server.base.handlers import APIHandler  # noqa: PLC0415 - the server has loaded it by now
    from tornado.web import authenticated  # noqa: PLC0415

    class Use(APIHandler):  # type: ignore[misc]  # it is in the image alone
        @authenticated
        def get(self) -> None:
            self.finish(json.dumps(use()))

    return Use


class Watch:
    def __init__(self, app: Any) -> None:
        self.app = app
        self.before = counts()
        self.full = self.before.full

    def look(self) -> None:
        prefer_programs()
        now = counts()
        if text := why(self.before, now, limit()):
            self.app.log.warning("%s", text)
            self.app.event_logger.emit(schema_id=SCHEMA, data={"text": text})
        # A busy machine may take some time from a limit that is reached to a program that is ended.
        self.before, self.full = Counts(now.ended, self.full), now.full


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hubinstall_memory"}]


def _load_jupyter_server_extension(app: Any) -> None:
    app.event_logger.register_event_schema(DESCRIBED)
    app.web_app.add_handlers(".*", [(f"{app.web_app.settings['base_url']}api/metrics/v1", tells_use())])
    PeriodicCallback(Watch(app).look, EVERY).start()
