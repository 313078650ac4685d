"""The services of an installation, for either process manager.

Each is a `Program`: the content of systemd's unit or supervisor's program file, and one launcher for both.
"""

from dataclasses import dataclass, field
from typing import Any

from hubinstall import layout
from hubinstall.blueprint.accounts import HUB_ACCOUNT, PROXY_ACCOUNT
from hubinstall.blueprint.packages import NGINX_PACKAGES
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.services.service import Reloads, Service, started_with
from hubinstall.resources.services.supervisord import Supervisord
from hubinstall.resources.services.unit import UnitFile

GENERATED = (id_of(Directory, layout.GENERATED), id_of(Directory, layout.LAUNCHERS))
PAGE = 4096
LEAST_MEMORY, MOST_MEMORY = 512 << 20, 2 << 30
"""The bounds of what one service of ours may use, in bytes."""
RUNTIME_DIRS = (
    Directory(layout.RUNTIME),
    # setgid: sockets created here get the group that may connect.
    Directory(
        layout.PROXY_PUBLIC_DIR, mode="2750", owner=layout.PROXY_USER, group=layout.NGINX_USER,
        needs=(id_of(Directory, layout.RUNTIME), PROXY_ACCOUNT, NGINX_PACKAGES),
    ),
    Directory(
        layout.PROXY_API_DIR, mode="2750", owner=layout.PROXY_USER, group=layout.HUB_USER,
        needs=(id_of(Directory, layout.RUNTIME), PROXY_ACCOUNT, HUB_ACCOUNT),
    ),
)  # fmt: skip
"""Directories that must exist after every boot; systemd-tmpfiles(8) or supervisord's launcher creates them."""
BROKERS_DIR, HELPERS_DIR, BUILDS_DIR = (
    Directory(
        path, mode="2750", group=layout.HUB_USER, whole=True, needs=(id_of(Directory, layout.RUNTIME), HUB_ACCOUNT)
    )
    for path in (layout.BROKER_DIR, layout.ACCOUNTS_DIR, layout.BUILDS_DIR)
)
"""Others, which the launchers of the broker and of the accounts helper create where systemd-tmpfiles(8) does not: with
another line in supervisord's launcher, an upgrade would restart supervisord and all that it runs. The broker's launcher
creates that of the builds, too: these have no service.
"""


@dataclass(frozen=True)
class Program:
    """One service of ours."""

    name: str
    description: str
    launcher: str
    """The text of its launcher."""
    unit: str = ""
    """The template of its systemd unit; empty if systemd runs it with the distribution's own unit."""
    user: str = "root"
    after: tuple[str, ...] = ()
    """Services that systemd starts before it. (Under supervisor the launchers wait.)"""
    oneshot: bool = False
    tracked: bool = True
    """Restart it when its inputs have changed. Not for Docker: its administrator decides that."""
    config: str = ""
    """A digest of what it runs and reads, without `files`."""
    files: tuple[tuple[str, str], ...] = ()
    """(path, SHA-256) of the files whose digests the launcher computes itself, in its order."""
    ready: str = ""
    reloads: Reloads | None = None
    stop_signal: str = "TERM"
    stop_wait: int = 20
    """Seconds until supervisor kills it if it does not stop."""
    undo: bool = False
    """The launcher removes what it created if it is called with "undo"."""
    kill_group: bool = True
    """False: its children outlive it (containers)."""
    values: dict[str, Any] = field(default_factory=dict)
    """More values for the unit's template."""
    needs: tuple[str, ...] = ()

    @property
    def configured(self) -> str:
        """A digest of everything except `files`. A service that reloads does not run its launcher again."""
        return self.config if self.reloads else digest(self.launcher, self.config)


def service_memory(machine: int) -> int:
    """How many of `machine` bytes one service of ours may use: several times what it needs for 100 people (the hub
    and the proxy about 200 MB each), and not the whole machine.
    """
    return min(max(machine // 4, LEAST_MEMORY), MOST_MEMORY) // PAGE * PAGE


def program(spec: Program, facts: Facts) -> list[Resource]:
    """The resources that make `spec` a running service."""
    if facts.manager == "systemd" and not spec.unit:
        return [_service(spec, facts, ())]
    launcher = File(layout.launcher(spec.name), spec.launcher, mode="0755", needs=GENERATED)
    definition = (
        _unit(spec, launcher, service_memory(facts.memory))
        if facts.manager == "systemd"
        else _supervisor_program(spec, launcher)
    )
    return [launcher, definition, _service(spec, facts, ids(definition))]


def _service(spec: Program, facts: Facts, needs: tuple[str, ...]) -> Service:
    after = tuple(id_of(Service, name) for name in spec.after)
    runtime = ids(*RUNTIME_DIRS) if spec.unit or facts.manager == "supervisor" else ()
    return Service(
        spec.name, facts.manager, distribution=not spec.unit, oneshot=spec.oneshot, ready=spec.ready,
        undo=layout.launcher(spec.name) if spec.undo else "",
        started_with=started_with(spec.configured, list(spec.files)) if spec.tracked else "",
        reloads=spec.reloads, needs=(*needs, *runtime, *after, *spec.needs),
    )  # fmt: skip


def _unit(spec: Program, launcher: File, memory: int) -> UnitFile:
    text = render(
        spec.unit, name=spec.name, description=spec.description, user=spec.user, launcher=launcher.name,
        configured=spec.configured, after=[f"{name}.service" for name in spec.after], memory=memory, **spec.values,
    )  # fmt: skip
    return UnitFile(layout.unit(spec.name), text, needs=ids(launcher))


def _supervisor_program(spec: Program, launcher: File) -> File:
    text = render(
        "templates/supervisor/program.conf", name=spec.name, launcher=launcher.name, user=spec.user,
        configured=spec.configured, oneshot=spec.oneshot,
        priority=100 + (*layout.SERVICES, *layout.SUPERVISORS_OWN).index(spec.name),
        stop_signal=spec.stop_signal, stop_wait=spec.stop_wait, kill_group=spec.kill_group,
        log=layout.service_log(spec.name),
    )  # fmt: skip
    # supervisord first: when it starts, it runs every program that it finds, before the ledger has an entry for it.
    needs = ids(launcher, id_of(Directory, layout.SUPERVISOR_PROGRAMS), id_of(Supervisord, layout.SUPERVISORD))
    return File(layout.supervisor_program(spec.name), text, needs=needs)


def foundation(facts: Facts, supervisor: str = "") -> list[Resource]:
    """What all services need. `supervisor`: a digest of supervisor's virtualenv."""
    if facts.manager == "systemd":
        directories = [*RUNTIME_DIRS, BROKERS_DIR, HELPERS_DIR, BUILDS_DIR]
        return [*directories, File(layout.TMPFILES, render("systemd/tmpfiles.conf", directories=directories))]
    config = File(
        layout.SUPERVISOR_CONFIG,
        render(
            "templates/supervisor/supervisord.conf", socket=layout.SUPERVISOR_SOCKET, log=layout.SUPERVISOR_LOG,
            pid=layout.SUPERVISOR_PID, programs=layout.SUPERVISOR_PROGRAMS,
        ),
        needs=GENERATED,
    )  # fmt: skip
    programs = Directory(layout.SUPERVISOR_PROGRAMS, needs=GENERATED)
    launcher, configured = _supervisord_launcher(config, supervisor)
    init = [File(layout.INIT_SCRIPT, render("templates/init-script", command=layout.COMMAND), mode="0755")]
    supervisord = Supervisord(
        layout.SUPERVISORD, configured,
        needs=ids(config, programs, launcher, *RUNTIME_DIRS, *init, id_of(Link, layout.SUPERVISOR_VENV)),
    )  # fmt: skip
    return [*RUNTIME_DIRS, BROKERS_DIR, HELPERS_DIR, BUILDS_DIR, config, programs, launcher, *init, supervisord]


def _supervisord_launcher(config: File, supervisor: str) -> tuple[File, str]:
    """The launcher, and a digest of supervisord's inputs: its configuration and program."""

    def text(configured: str) -> str:
        return render(
            "templates/launchers/supervisord.sh", directories=(Directory(layout.LOGS, mode="0700"), *RUNTIME_DIRS),
            runtime=layout.RUNTIME, service=layout.SUPERVISORD, started_with=configured,
            venv=layout.SUPERVISOR_VENV, config=config.name,
        )  # fmt: skip

    configured = digest(config.data, supervisor, text(""))
    launcher = File(layout.launcher(layout.SUPERVISORD), text(configured), mode="0755", needs=GENERATED)
    return launcher, configured
