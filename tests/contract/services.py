"""Services under both process managers, their databases, systemd's unit files, and our supervisord."""

import contextlib
import sqlite3
import time

from contract.case import BASE, Act, Break, Case, runs
from contract.files import file_breaks
from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.services import supervisord as ours
from hubinstall.resources.services.database import Database
from hubinstall.resources.services.service import Service
from hubinstall.resources.services.supervisord import Supervisord
from hubinstall.resources.services.unit import UnitFile

NAME = "contract"
STARTED_WITH = "of the first kind"
BOOT = "WantedBy=multi-user.target"
DEFINITIONS = {
    "systemd": (
        layout.unit(NAME),
        f'[Service]\nExecStart=sleep infinity\nEnvironment="{layout.STARTED_WITH}={{}}"\n[Install]\n{BOOT}\n',
    ),
    "supervisor": (
        layout.supervisor_program(NAME),
        f'[program:{NAME}]\ncommand=sleep infinity\nstartsecs=0\nenvironment={layout.STARTED_WITH}="{{}}"\n',
    ),
}
STOPS_WITHIN = 60.0
UPGRADE = """import shutil, sqlite3, sys
shutil.copy(*sys.argv[1:])
connection = sqlite3.connect(sys.argv[2])
connection.execute("update alembic_version set version_num = 'second'")
connection.commit()"""


def service(manager: str) -> Case:
    path, text = DEFINITIONS[manager]
    wish = Service(NAME, manager, started_with=STARTED_WITH)

    def defined(started_with: str = STARTED_WITH) -> Act:
        return lambda host: host.write(path, text.format(started_with).encode())

    def started_otherwise(host: Host) -> None:
        defined("of the second kind")(host)
        host.forget()
        MANAGERS[manager].define(host, NAME)
        MANAGERS[manager].restart(host, NAME)
        defined()(host)

    running = Break(
        "running", lambda host: MANAGERS[manager].stop(host, NAME), also=("started_with",),
        why="what does not run was started with nothing",
    )  # fmt: skip
    disabled = Break("enabled", runs("systemctl", "disable", "--quiet", f"{NAME}.service"))
    return Case(
        wish,
        (Break("started_with", started_otherwise), running, *([disabled] if manager == "systemd" else [])),
        lambda host: MANAGERS[manager].look(host, NAME).running,
        before=defined(),
        unbreakable={} if manager == "systemd" else {"enabled": "whether its program file is there: a File's business"},
    )


def database() -> Case:
    """Of no service: a service that is stopped has cases of its own."""
    wish = Database(f"{BASE}/database.sqlite", revision="second", upgrade=("/usr/bin/python3", "-c", UPGRADE))

    def of_the_first_kind(host: Host) -> None:
        host.remove(wish.name)
        with contextlib.closing(sqlite3.connect(host.path(wish.name))) as connection:
            connection.executescript(
                "create table alembic_version (version_num text); insert into alembic_version values ('first')"
            )

    return Case(
        wish,
        (Break("revision", of_the_first_kind),),
        lambda host: host.exists(wish.name),
        never_absent="the service makes its database, in the form that it wants",
        stays="it goes with the directory of the service",
    )


def unit() -> Case:
    text = "[Service]\nExecStart=/bin/true\n"
    wish = UnitFile(f"{layout.SYSTEMD_UNITS}/contract-unit.service", text)
    return Case(wish, file_breaks(wish.name, text), lambda host: host.exists(wish.name))


def supervisord(host: Host) -> Case:
    """The installation's own: there can be only one, and it is stopped at the end."""
    pid = ours.running(host)
    was = host.text(f"/proc/{pid}/environ").split("\0")
    started_with = dict(entry.split("=", 1) for entry in was if entry)[layout.STARTED_WITH]
    wish = Supervisord(layout.SUPERVISORD, started_with)
    script, launcher = host.read(layout.INIT_SCRIPT), layout.launcher(layout.SUPERVISORD)
    launches = host.text(launcher)

    def terminated(host: Host) -> None:
        pid = ours.running(host)
        host.run(["kill", "-TERM", str(pid)])
        end = time.monotonic() + STOPS_WITHIN
        while ours.running(host) == pid and time.monotonic() < end:
            time.sleep(0.1)

    def started_otherwise(host: Host) -> None:
        ours.shut_down(host)
        host.write(launcher, launches.replace(started_with, "otherwise").encode(), mode="0755")
        ours.start(host)
        host.write(launcher, launches.encode(), mode="0755")

    def stopped(host: Host) -> None:
        wish.remove(host)
        if script is not None:
            host.write(layout.INIT_SCRIPT, script, mode="0755")

    return Case(
        wish,
        (
            Break("started_with", started_otherwise),
            Break("running", terminated, also=("started_with",), why="what does not run was started with nothing"),
            Break("enabled", runs("update-rc.d", "-f", "hubinstall", "remove")),
        ),
        lambda host: bool(ours.running(host)),
        before=stopped,
    )
