"""`hubinstall logs`: the log of a service, of hubinstall itself, or what it says about one person."""

import re
import time

from hubinstall import layout
from hubinstall.cli import log_entries, moments
from hubinstall.cli.log_entries import Entry
from hubinstall.cli.services import chosen
from hubinstall.errors import UserError
from hubinstall.machine.docker import docker_query
from hubinstall.machine.docker import shown as shown_name
from hubinstall.machine.host import Host
from hubinstall.report.words import say

OURS = {None, "hubinstall"}
# For sed: the lines that `log_entries.steps` leaves out, with those that belong to them.
FOLLOWED = r":a; /^[^ ]*Z \([$] \|begin \|  \)/{:s; n; /^    /bs; ba}; p"
CONTAINER_LINES = 30


def logs(
    host: Host, service: str | None, *, lines: int, follow: bool = False, since: str = "", person: str = ""
) -> int:
    """Print the end of a log; returns the exit code."""
    if follow and (since or person):
        raise UserError("--follow shows what comes, --since and --person what was", "Leave out one of them.", code=2)
    begin = moments.past(since, time.time()) if since else 0.0
    if person:
        return about_person(host, service, person, begin, lines)
    if service in OURS:
        return follow_own(host, lines) if follow else own(host, begin, lines)
    if service == layout.SUPERVISORD:
        return files(host, layout.SUPERVISOR_LOG, begin, lines, follow=follow)
    manager, [name] = chosen(host, service)
    if not begin:
        return host.show(manager.log_command(name, lines, follow=follow))
    return shown(log_entries.since(log_entries.entries(manager.log_lines(host, name, begin)), begin), lines)


def own(host: Host, begin: float, lines: int) -> int:
    """The problems of the last run (or since `begin`), then its steps; what commands printed stays in the file."""
    found = log_entries.entries(host.text(layout.LOG_FILE).splitlines())
    found = log_entries.steps(log_entries.since(found, begin) if begin else log_entries.last_run(found))
    if not found:
        say(f"Nothing was logged{' since then' if begin else ''}. The log is {layout.LOG_FILE}")
        return 0
    if problems := log_entries.problems(found):
        print("Problems:")
        shown(problems, lines)
        print("\nAll steps:")
    shown(found, lines)
    say(f"Every command and its output: {layout.LOG_FILE}")
    return 0


def follow_own(host: Host, lines: int) -> int:
    script = 'tail --lines="$1" -F "$2" 2>/dev/null | sed -un "$3"'
    return host.show(["sh", "-c", script, "sh", str(lines), layout.LOG_FILE, FOLLOWED])


def files(host: Host, path: str, begin: float, lines: int, *, follow: bool) -> int:
    if begin:
        return shown(log_entries.since(log_entries.entries(host.text(path).splitlines()), begin), lines)
    return host.show(["tail", f"--lines={lines}", *(["-F"] if follow else []), path])


def about_person(host: Host, service: str | None, person: str, begin: float, lines: int) -> int:
    """What the hub's log says about one person, then the last output of the person's container."""
    if service not in {None, layout.HUB_SERVICE, f"{layout.HUB_SERVICE}.service"}:
        raise UserError(f"--person reads the log of {layout.HUB_SERVICE}", "Leave out the service.", code=2)
    manager, [name] = chosen(host, layout.HUB_SERVICE)
    found = log_entries.entries(manager.log_lines(host, name, begin))
    kept = log_entries.about(log_entries.since(found, begin), person, container_name(person))
    if not kept:
        known = any(line.startswith(f"{person}:") for line in host.text("/etc/passwd").splitlines())
        unknown = "" if known else f". /etc/passwd has no account {person}"
        say(f"The hub's log says nothing about {person}{unknown}")
    shown(kept, lines)
    return output(host, person)


def output(host: Host, person: str) -> int:
    """The last output of the person's containers, if there are any."""
    mine = f"label={layout.USER_LABEL}={person}"
    listed = docker_query(host, "ps", "--all", "--filter", mine, "--format", "{{.Names}}\t{{.Status}}", check=False)
    if listed.returncode:
        say(f"Docker does not answer. See: hubinstall logs {layout.DOCKER_SERVICE}")
        return 1
    for line in listed.stdout.splitlines():
        name, _, status = line.partition("\t")
        said = docker_query(host, "logs", f"--tail={CONTAINER_LINES}", name, check=False)
        print(f"\nThe last output of {person}'s server ({shown_name(name)}: {status}):")
        print((said.stdout + said.stderr).rstrip())
    if not listed.stdout:
        say(f"{person}'s server does not run, and has left no container.")
    return 0


def container_name(person: str) -> str:
    """As DockerSpawner names it: other characters than these are escaped (its `escape`, safe legacy form)."""
    escaped = re.sub(r"[^a-z0-9]", lambda m: "".join(f"-{byte:02x}" for byte in m[0].encode()), person)
    return f"{layout.CONTAINER_PREFIX}-{escaped}"


def shown(found: list[Entry], lines: int) -> int:
    """Print the last entries, at most so many lines of them and at least one."""
    kept: list[Entry] = []
    count = 0
    for entry in reversed(found):
        count += len(entry)
        if kept and count > lines:
            break
        kept.append(entry)
    for entry in reversed(kept):
        print("\n".join(entry), flush=True)  # before what is said next
    return 0
