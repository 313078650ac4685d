"""The system calls of a command, thread by thread, recorded by strace(1)."""

import posixpath
import re
from dataclasses import dataclass

from harness.machine import Machine

CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += 0\b")
FOLDER = "/var/tmp/trace"
TRACE = ["strace", "-ff", "-y", "-s", "400", "-e", "trace=fsync,rename,renameat,renameat2", "-o", f"{FOLDER}/thread"]


@dataclass(frozen=True)
class Call:
    """`name` is fsync or rename; `paths` is the synced file, or the old name and the new name."""

    name: str
    paths: tuple[str, ...]


def threads(machine: Machine, command: list[str]) -> list[list[Call]]:
    """Run a command and return the successful calls of each of its threads and child processes, in order."""
    machine.run(["mkdir", FOLDER])
    machine.run([*TRACE, *command])
    logs = machine.run(f"for log in {FOLDER}/*; do cat $log; echo; done; rm -r {FOLDER}").out.split("\n\n")
    return [[_call(found) for line in log.splitlines() if (found := CALL.match(line))] for log in logs]


def switched(calls: list[Call], ending: str) -> dict[str, list[str]]:
    """New name → the missing sync, for each file that a thread renamed from a name with this ending.

    The file itself must be synced before the rename (except a link, which has no content), and its directory right
    after it.
    """
    found: dict[str, list[str]] = {}
    for number, call in enumerate(calls):
        if call.name == "rename" and call.paths[0].endswith(ending):
            before, after = calls[:number], calls[number + 1 : number + 2]
            missing = [] if Call("fsync", call.paths[:1]) in before else ["fsync of the file"]
            if after != [Call("fsync", (posixpath.dirname(call.paths[1]),))]:
                missing.append("fsync of the folder")
            found[call.paths[1]] = missing
    return found


def _call(found: re.Match[str]) -> Call:
    arguments = found["arguments"]
    if found["name"] == "fsync":
        return Call("fsync", (arguments.partition("<")[2].rstrip(">"),))
    return Call("rename", tuple(re.findall(r'"([^"]*)"', arguments)))
