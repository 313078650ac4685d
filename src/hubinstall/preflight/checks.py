"""Why this machine, or these settings on it, cannot work: found before anything is changed, each with a way out.

`check_machine` is also asked by bootstrap.py, before the virtualenv is there: only the standard library here.
Our own services never count against us when they run already. Docker is never restarted by us (its setting comes by
reload), so someone else's running containers are no problem.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.errors import BAD_CONFIGURATION
from hubinstall.machine.accounts import accounts
from hubinstall.machine.facts import Facts, architecture, os_release, running_manager
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listeners
from hubinstall.machine.network import CONTAINER_DEVICE, Route, route_table, total_memory
from hubinstall.machine.process_managers.choice import installed
from hubinstall.machine.releases import number, oldest
from hubinstall.preflight import disk, docker, running_servers
from hubinstall.preflight import web as preflight_web
from hubinstall.resources.base import id_of
from hubinstall.resources.packages.virtualenv import TRUST_STORE
from hubinstall.resources.services.unit import UnitFile
from hubinstall.resources.tls.x509 import troubles

if TYPE_CHECKING:  # pydantic is not there yet when bootstrap asks
    from hubinstall.settings.model import Settings

LEAST_MEMORY = 900 * 10**6
ARCHITECTURES = ("amd64", "arm64")
UNIT_OF_HUB = layout.unit(layout.HUB_SERVICE)
UNIT_FOLDERS = (layout.SYSTEMD_UNITS, "/usr/local/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")


@dataclass(frozen=True)
class Problem:
    """Why hubinstall cannot work here. `code` is the exit code: 78 for what config.yaml says, and `at` is where there
    (then `message` and `hint` are phrases, as those of problems.py).
    """

    message: str
    hint: str
    code: int = 1
    at: tuple[str | int, ...] = ()


def check_machine(host: Host, web: preflight_web.Wanted | None = None) -> list[Problem]:
    """What is wrong with the machine, whatever the settings are, but for `web`: where nginx is to listen."""
    checks = (_root, _release, _architecture, _memory, _other_hubs)
    found = [problem for check in checks for problem in check(host)]
    ports = preflight_web.taken_ports(host, preflight_web.at_first_sight(host) if web is None else web)
    return found + [Problem(*words) for words in (*ports, *disk.problems(host), *docker.problems(host))]


def check(host: Host, settings: "Settings", facts: Facts, *, may_stop_servers: bool = False) -> list[Problem]:
    """Everything that is wrong: with the machine, and with these settings on it. `may_stop_servers`: those of people
    that could not be reached with the new settings; else these are a problem.
    """
    found = check_machine(host, preflight_web.wanted(settings))
    if words := preflight_web.wrong_address(settings, facts):
        found.append(_wrong(("http", "address"), *words))
    found += _manager(host, settings)
    found += _subnet(host, settings)
    found += _accounts(host, settings, facts)
    found += _hub_port(host, settings)
    found += _database(host)
    if not may_stop_servers:
        found += _while_servers_run(host, settings)
    found += _certificate(host, settings, facts)
    return found


def _root(host: Host) -> Iterator[Problem]:  # noqa: ARG001
    if os.geteuid() != 0:
        yield Problem("this needs root", "Run it with sudo.")


def _release(host: Host) -> Iterator[Problem]:
    system = os_release(host)
    name = system["PRETTY_NAME"] or system["ID"] or "this system"
    least = oldest(system["ID"])
    if least is None:
        yield Problem(f"{name} is neither Debian nor Ubuntu", "Use a machine with Debian 12 or Ubuntu 24.04, or later.")
    elif system["VERSION_ID"] and number(system["VERSION_ID"]) < number(least.version):
        reason = f"its Python is older than {least.python}"
        yield Problem(
            f"{name} is too old: {reason}", f"Upgrade to {least.distribution.title()} {least.version} or later."
        )


def _architecture(host: Host) -> Iterator[Problem]:  # noqa: ARG001
    here = architecture()
    if here not in ARCHITECTURES or sys.maxsize < 1 << 32:
        what = f"{here}, with a 32-bit system on it" if here in ARCHITECTURES else here
        yield Problem(f"this machine is {what}", "Use a 64-bit machine: amd64 or arm64.")


def _memory(host: Host) -> Iterator[Problem]:
    there = total_memory(host)
    if there < LEAST_MEMORY:
        yield Problem(
            f"{there // 10**6} MB of memory are too little for a hub and one server", "Give the machine 1 GB or more."
        )


def _other_hubs(host: Host) -> Iterator[Problem]:
    if host.exists(layout.TLJH):
        yield Problem(
            "The Littlest JupyterHub is on this machine, and wants the same ports and service names",
            f"To move over: `systemctl disable --now jupyterhub traefik`, then `mv {layout.TLJH} /root/tljh` and "
            f"`rm {layout.SYSTEMD_UNITS}/jupyterhub.service {layout.SYSTEMD_UNITS}/traefik.service`, and run again. "
            "The accounts jupyter-NAME and their homes stay, and people log in with these names.",
        )
        return
    for folder in UNIT_FOLDERS:
        path = f"{folder}/{layout.HUB_SERVICE}.service"
        stat = host.stat(path)
        if stat and stat.target != "/dev/null" and not _ours(host, path):
            yield Problem(
                f"another JupyterHub is on this machine: {path}",
                f"Stop it (`systemctl disable --now {layout.HUB_SERVICE}`), keep what you need of its configuration "
                "and database, move the unit file away, and run again.",
            )
            return


def _ours(host: Host, path: str) -> bool:
    content = host.read(layout.LEDGER)
    try:
        return content is not None and id_of(UnitFile, path) in json.loads(content)["resources"]
    except (ValueError, TypeError, KeyError):
        return True  # the ledger's own check says what is wrong with it


def _manager(host: Host, settings: "Settings") -> Iterator[Problem]:
    """Two managers would run everything twice: what one has taken up is not handed over to the other."""
    wished, runs = settings.process_manager, running_manager(host)
    ours = host.exists(layout.SUPERVISOR_CONFIG) or (host.exists(UNIT_OF_HUB) and _ours(host, UNIT_OF_HUB))
    here = installed(host).name if ours else ""
    if wished == "systemd" and runs != "systemd":
        yield _wrong(("process_manager",), "systemd is not the first process of this machine", "try auto")
    elif here and here != (runs if wished == "auto" else wished):
        yield _wrong(
            ("process_manager",),
            f"cannot change from {here} to {runs if wished == 'auto' else wished} where JupyterHub is installed",
            f"try {here}; or run `hubinstall uninstall --yes` first (homes, accounts, shared data and this file stay)",
        )


def _wrong(at: tuple[str | int, ...], what: str, hint: str) -> Problem:
    return Problem(what, hint, BAD_CONFIGURATION, at)


def _subnet(host: Host, settings: "Settings") -> Iterator[Problem]:
    """Other container networks count, too: Docker would refuse it only when half of the work is done."""
    subnet = settings.network.subnet
    for route in route_table(host):
        if route.device != layout.BRIDGE and route.network.prefixlen and subnet.overlaps(route.network):
            yield _wrong(
                ("network", "subnet"),
                f"{subnet} overlaps {route.network}, {_what(route)}",
                "try another private network, such as 172.30.0.0/16 or 10.201.0.0/16",
            )


def _what(route: Route) -> str:
    if CONTAINER_DEVICE.match(route.device):
        return f"a container network of this machine ({route.device})"
    return f"which this machine reaches through {route.device}"


def _accounts(host: Host, settings: "Settings", facts: Facts) -> Iterator[Problem]:
    rows = accounts(host)
    for key in ("admin", "allowed"):
        for index, name in enumerate(getattr(settings.users, key)):
            uid = int(rows[name][2]) if name in rows else facts.uid_min
            if not facts.uid_min <= uid <= facts.uid_max:
                yield _wrong(
                    ("users", key, index),
                    f"{name} is an account of the system (uid {uid}), and only people log in to the hub",
                    f"try the name of a person; people's numbers are {facts.uid_min} to {facts.uid_max}",
                )


def _hub_port(host: Host, settings: "Settings") -> Iterator[Problem]:
    """The hub itself listens on one address only."""
    gateway = str(next(settings.network.subnet.hosts()))
    for listener in listeners(host, {layout.HUB_PORT}):
        if listener.anywhere or (listener.address == gateway and not _is_service(host, listener.pid)):
            where = "all addresses" if listener.anywhere else gateway
            yield Problem(
                f"port {layout.HUB_PORT} of {where} is taken by {listener}",
                "The hub needs it on the address that user servers see. Let the other program listen on another port "
                "or on 127.0.0.1, and run again.",
            )


def _is_service(host: Host, pid: int) -> bool:
    return f"{layout.SERVICE_NAME}={layout.HUB_SERVICE}\0" in f"{host.text(f'/proc/{pid}/environ')}\0"


def _database(host: Host) -> Iterator[Problem]:
    """A hub that runs with a damaged one may still serve people; it would not come up again."""
    if not host.exists(layout.HUB_DATABASE):
        return
    from hubinstall.hubside.database import damage  # noqa: PLC0415 - SQLite is no part of every Python's start

    if trouble := damage(str(host.path(layout.HUB_DATABASE)), touch=False):
        yield Problem(
            f"the hub's database {layout.HUB_DATABASE} is damaged: {trouble}",
            "The hub would not start with it again, so it was left alone. Put a good copy in its place. Or run "
            f"`hubinstall stop {layout.HUB_SERVICE}`, move the file away and run again: people log in anew, and the "
            "servers that run now start anew; no files of theirs are in it.",
        )


def _while_servers_run(host: Host, settings: "Settings") -> Iterator[Problem]:
    """People's servers were told where they and the hub are when they started."""
    running = running_servers.servers(host, settings)
    for key, old in running_servers.changes(host, settings).items() if running else ():
        yield _wrong(
            key,
            f"cannot change from {old} while servers run ({len(running)}), which nobody could reach any more",
            "stop these first (hub: Admin → Stop all); or write it into the file and let `hubinstall apply --yes` stop "
            f"them; or leave the setting: {running_servers.some(running)}",
        )


def _certificate(host: Host, settings: "Settings", facts: Facts) -> Iterator[Problem]:
    """The administrator's own files can be served, and an authority has something to give a certificate for."""
    if settings.tls_mode == "manual":
        cert, key = settings.https.tls.cert or "", settings.https.tls.key or ""
        for trouble in troubles(host, cert, key, settings.names, TRUST_STORE):
            yield _wrong(("https", "tls", trouble.file), trouble.message, trouble.hint)
    here = (ip_address(address) for address in facts.addresses)
    if settings.tls_mode == "letsencrypt" and not settings.names and not any(address.is_global for address in here):
        yield _wrong(
            ("https", "mode"), "needs a name: this machine knows no public address of its own",
            "try setting `domain`, or mode: self-signed",
        )  # fmt: skip
