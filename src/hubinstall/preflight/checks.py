"""Why this machine, or these settings on it, cannot work: found before anything changes, each with a way out.

bootstrap.py also calls `check_machine`, before the virtualenv exists: only the standard library here. Our own services
that already run are no problem. Containers outlive a restart of Docker (live-restore, which it learns by a reload), so
other people's running containers are no problem either.
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
from hubinstall.machine.facts import Facts, architecture, os_release, running_manager
from hubinstall.machine.host import Host
from hubinstall.machine.listening_ports import listeners
from hubinstall.machine.network import CONTAINER_DEVICE, Route, route_table, total_memory
from hubinstall.machine.process_managers.choice import installed
from hubinstall.machine.releases import number, oldest
from hubinstall.preflight import disk, docker, logo, names, quotas, running_servers, shared_paths, sign_on, way_out
from hubinstall.preflight import rooms as preflight_rooms
from hubinstall.preflight import web as preflight_web
from hubinstall.resources.base import id_of
from hubinstall.resources.packages.virtualenv import TRUST_STORE
from hubinstall.resources.services.unit import UnitFile
from hubinstall.resources.tls.x509 import troubles

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

LEAST_MEMORY = 900 * 10**6
ARCHITECTURES = ("amd64", "arm64")
UNIT_OF_HUB = layout.unit(layout.HUB_SERVICE)
UNIT_FOLDERS = (layout.SYSTEMD_UNITS, "/usr/local/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")


@dataclass(frozen=True)
class Problem:
    """Why hubinstall cannot work here. `code` is the exit code: 78 if config.yaml is the cause. Then `at` is the key,
    and `message` and `hint` are phrases, as in config/problems.py.
    """

    message: str
    hint: str
    code: int = 1
    at: tuple[str | int, ...] = ()


def check_machine(host: Host, web: preflight_web.Wanted | None = None) -> list[Problem]:
    """What is wrong with the machine, whatever the settings say. `web`: where nginx is to listen."""
    checks = (_root, _release, _architecture, _memory, _other_hubs)
    found = [problem for check in checks for problem in check(host)]
    ports = preflight_web.taken_ports(host, preflight_web.at_first_sight(host) if web is None else web)
    return found + [Problem(*words) for words in (*ports, *disk.problems(host), *docker.problems(host))]


def check(host: Host, settings: "Settings", facts: Facts, *, may_stop_servers: bool = False) -> list[Problem]:
    """Everything that is wrong with the machine, and with these settings on it. `may_stop_servers`: people's servers
    that the new settings would cut off may be stopped; otherwise they are a problem.
    """
    found = check_machine(host, preflight_web.wanted(settings))
    if words := preflight_web.wrong_address(settings, facts):
        found.append(_wrong(("http", "address"), *words))
    found += _manager(host, settings)
    found += _subnet(host, settings)
    found += [_wrong(*words) for words in names.problems(host, settings, facts.uid_min)]
    found += [_wrong(*words) for words in shared_paths.problems(host, settings, facts.uid_min)]
    found += [_wrong(*words) for words in logo.problems(host, settings)]
    found += [_wrong(*words) for words in quotas.problems(host, settings)]
    found += [_wrong(*words) for words in way_out.problems(host, settings, facts)]
    found += [_wrong(*words) for words in sign_on.problems(host, settings, facts)]
    found += [_wrong(*words) for words in preflight_rooms.problems(host, settings, facts)]
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
        what = f"{here} with a 32-bit system" if here in ARCHITECTURES else here
        yield Problem(f"this machine is {what}", "Use a 64-bit machine: amd64 or arm64.")


def _memory(host: Host) -> Iterator[Problem]:
    there = total_memory(host)
    if there < LEAST_MEMORY:
        yield Problem(
            f"{there // 10**6} MB of memory is too little for a hub and one server", "Give the machine 1 GB or more."
        )


def _other_hubs(host: Host) -> Iterator[Problem]:
    if host.exists(layout.TLJH):
        yield Problem(
            "The Littlest JupyterHub is installed on this machine and uses the same ports and service names",
            f"To migrate, run `systemctl disable --now jupyterhub traefik`, then `mv {layout.TLJH} /root/tljh` and "
            f"`rm {layout.SYSTEMD_UNITS}/jupyterhub.service {layout.SYSTEMD_UNITS}/traefik.service`, and run it again. "
            "The accounts jupyter-NAME and their homes stay; people log in with these names.",
        )
        return
    for folder in UNIT_FOLDERS:
        path = f"{folder}/{layout.HUB_SERVICE}.service"
        stat = host.stat(path)
        if stat and stat.target != "/dev/null" and not _ours(host, path):
            yield Problem(
                f"another JupyterHub is installed on this machine: {path}",
                f"Stop it (`systemctl disable --now {layout.HUB_SERVICE}`), save what you need of its configuration "
                "and database, move the unit file away, and run it again.",
            )
            return


def _ours(host: Host, path: str) -> bool:
    content = host.read(layout.LEDGER)
    try:
        return content is not None and id_of(UnitFile, path) in json.loads(content)["resources"]
    except (ValueError, TypeError, KeyError):
        return True  # reading the ledger reports what is wrong with it


def _manager(host: Host, settings: "Settings") -> Iterator[Problem]:
    """Two process managers would run everything twice, so an installation stays with the one it has."""
    chosen, runs = settings.process_manager, running_manager(host)
    ours = host.exists(layout.SUPERVISOR_CONFIG) or (host.exists(UNIT_OF_HUB) and _ours(host, UNIT_OF_HUB))
    here = installed(host).name if ours else ""
    if chosen == "systemd" and runs != "systemd":
        yield _wrong(("process_manager",), "PID 1 of this machine is not systemd", "try auto")
    elif here and here != (runs if chosen == "auto" else chosen):
        yield _wrong(
            ("process_manager",),
            f"cannot change from {here} to {runs if chosen == 'auto' else chosen} after JupyterHub was installed",
            f"try {here}; or run `hubinstall uninstall --yes` first (homes, accounts, shared data and this file stay)",
        )


def _wrong(at: tuple[str | int, ...], what: str, hint: str) -> Problem:
    return Problem(what, hint, BAD_CONFIGURATION, at)


def _subnet(host: Host, settings: "Settings") -> Iterator[Problem]:
    """Other container networks count too: otherwise Docker would refuse it in the middle of the run."""
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
    return f"a network that this machine reaches through {route.device}"


def _hub_port(host: Host, settings: "Settings") -> Iterator[Problem]:
    """The hub itself listens on one address only."""
    gateway = str(next(settings.network.subnet.hosts()))
    for listener in listeners(host, {layout.HUB_PORT}):
        if listener.anywhere or (listener.address == gateway and not _is_service(host, listener.pid)):
            where = "all addresses" if listener.anywhere else gateway
            yield Problem(
                f"port {layout.HUB_PORT} on {where} is used by {listener}",
                "The hub needs this port at the address that user servers connect to. Make the other program listen on "
                "another port or on 127.0.0.1, and run it again.",
            )


def _is_service(host: Host, pid: int) -> bool:
    return f"{layout.SERVICE_NAME}={layout.HUB_SERVICE}\0" in f"{host.text(f'/proc/{pid}/environ')}\0"


def _database(host: Host) -> Iterator[Problem]:
    """A hub that runs with a damaged database may still serve people, but would not start again."""
    if not host.exists(layout.HUB_DATABASE):
        return
    from hubinstall.hubside.database import damage  # noqa: PLC0415 - only needed here

    if trouble := damage(str(host.path(layout.HUB_DATABASE)), touch=False):
        yield Problem(
            f"the hub's database {layout.HUB_DATABASE} is damaged: {trouble}",
            "The hub could not start with it, so nothing was changed. Restore a good copy. Or run "
            f"`hubinstall stop {layout.HUB_SERVICE}`, move the file away and run it again: people then have to log in "
            "and start their servers again. People's files are not in the database.",
        )


def _while_servers_run(host: Host, settings: "Settings") -> Iterator[Problem]:
    """People's servers learned their own and the hub's address when they started."""
    running = running_servers.servers(host, settings)
    for key, old in running_servers.changes(host, settings).items() if running else ():
        yield _wrong(
            key,
            f"cannot change from {old} while servers run ({len(running)}): nobody could reach them afterwards",
            "stop them first (hub: Admin → Stop all), or write the setting into the file and let "
            f"`hubinstall apply --yes` stop them, or leave the setting as it is: {running_servers.some(running)}",
        )


def _certificate(host: Host, settings: "Settings", facts: Facts) -> Iterator[Problem]:
    """The administrator's files can be served, and an authority has a name or address to certify."""
    if settings.tls_mode == "manual":
        cert, key = settings.https.tls.cert or "", settings.https.tls.key or ""
        for trouble in troubles(host, cert, key, settings.names + settings.wildcard, TRUST_STORE):
            yield _wrong(("https", "tls", trouble.file), trouble.message, trouble.hint)
    here = (ip_address(address) for address in facts.addresses)
    if settings.tls_mode == "letsencrypt" and not settings.names and not any(address.is_global for address in here):
        yield _wrong(
            ("https", "mode"), "needs a name: this machine has no public address that it knows of",
            "try setting `domain`, or https.mode: self-signed",
        )  # fmt: skip
