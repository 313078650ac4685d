"""Reading logs: when an entry was written, whom it is about, and which entries of hubinstall's own log are for people.

An entry is a line with those that belong to it: what follows without a time, such as a traceback or a hint.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from hubinstall import layout

Entry = list[str]
JOURNAL = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d) \S+ (\S+): ")
"""The beginning of a line of `journalctl --output=short-iso`: time, host and program."""
# JupyterHub's `[I 2026-11-28 21:39:59.687 …`, dockerd's `time="2026-11-28T…Z"`, nginx's `2026/11/28 21:39:59`, ours.
STAMP = re.compile(
    r'^(?:\[?[A-Z]? ?|time=")(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?'
)
SUCCESS = re.compile(r"\blog:\d+\] [23]\d\d (GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) ")
"""A request that went well, in JupyterHub's log."""
RUN = "run: "
"""How the first entry of each run of hubinstall begins."""
PROBLEMS = ("failed ", "ended by ", "note: ", "warning", "Traceback")


def written(line: str) -> float | None:
    """When a line was written; None if it does not say."""
    found = STAMP.match(line)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=zone(found[7]))
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else at.astimezone().timestamp()


def zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def entries(lines: Iterable[str]) -> list[Entry]:
    """Lines, each with those after it that have no time. The journal gives a time to every line: its own is dropped
    where the program's line has one, or belongs to such a line.
    """
    found: list[Entry] = []
    own: set[str] = set()  # the programs whose lines have times of their own
    for line in lines:
        journal = JOURNAL.match(line)
        text = line[journal.end() :] if journal else line
        begins = written(text) is not None
        if journal and begins:
            own.add(journal[2])
        elif journal and journal[2] not in own:
            text, begins = f"{journal[1]} {text}", True
        if begins or not found:
            found.append([text])
        else:
            found[-1].append(text)
    return found


def since(found: list[Entry], begin: float) -> list[Entry]:
    """The entries from that moment on. Before the first one that says when, nothing is dropped."""
    kept, last = [], begin
    for entry in found:
        at = written(entry[0])
        last = last if at is None else at
        if last >= int(begin):
            kept.append(entry)
    return kept


def about(found: list[Entry], name: str, container: str) -> list[Entry]:
    """What concerns one person: login, start and failure, without the requests that went well."""
    its = f"{re.escape(container)}(?:{re.escape(layout.CONTAINER_TAIL)})?"
    whole = re.compile(rf"(?<![\w.-])({re.escape(name)}|{its})(?![\w-]|\.\w)")
    return [entry for entry in found if whole.search(entry[0]) and not SUCCESS.search(entry[0])]


def steps(found: list[Entry]) -> list[Entry]:
    """Of hubinstall's own log: what it says on the screen, without commands, their output and the keys of states."""
    return [e for e in found if not content(e).startswith(("$ ", "  ", "begin ")) and content(e).strip()]


def last_run(found: list[Entry]) -> list[Entry]:
    """The entries of the last run; all of them if none is marked (a log of an older hubinstall)."""
    begins = [number for number, entry in enumerate(found) if content(entry).startswith(RUN)]
    return found[begins[-1] :] if begins else found


def problems(found: list[Entry]) -> list[Entry]:
    return [entry for entry in found if content(entry).startswith(PROBLEMS)]


def content(entry: Entry) -> str:
    """An entry of hubinstall's own log without its time."""
    return entry[0].partition(" ")[2]
