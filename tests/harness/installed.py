"""Operations on a machine that hubinstall has set up: the README's command, a person's login, the services."""

import json
import re
import time
from typing import Any

from harness import addresses, front
from harness.commands import Result
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.waiting import LONG
from hubinstall import layout
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

CONFIG = "/etc/hubinstall/config.yaml"
PATIENCE = 90.0
"""Seconds that a request may take on a machine that is as fast as the test host, whatever else that has to do."""
ADMIN, ADMIN_PASSWORD = "ada", "enigma-1843"
PERSON, PERSON_PASSWORD = "grace", "cobol-1959"


def readmes_command() -> str:
    """With a password, so that a test can log in."""
    return f"python3 hubinstall/installer/bootstrap.py --admin {ADMIN}:{ADMIN_PASSWORD}{addresses.here().flags}"


def bring(machine: Machine) -> None:
    """What must exist before the README's command: a checkout, and settings for which it has no flags."""
    machine.push_checkout()
    if addresses.here().beforehand and not machine.exists(CONFIG):
        machine.write(CONFIG, addresses.here().settings, mode=0o600)


def install(machine: Machine) -> Result:
    """Do what the README says, on a machine with a checkout."""
    bring(machine)
    return machine.run(readmes_command(), timeout=1200)


def url(machine: Machine, name: str = "") -> str:
    """The URL that a person types, with the machine's address or a name."""
    return f"https://{name or host(machine)}{addresses.here().path}"


def host(machine: Machine) -> str:
    """The address that people connect to: the machine's, or that of the web server in front, which then exists."""
    if not addresses.here().behind:
        return machine.address
    front.stand_before(machine)
    return machine.link.host_address


def told(machine: Machine) -> str:
    """What an apply says at its end about where the hub is."""
    if addresses.here().behind:
        return f"JupyterHub listens on port {addresses.PORT_BEHIND} of every address for the web server in front"
    return f"JupyterHub is at {url(machine)}\n"


def client(machine: Machine, *, name: str = "", token: str = "", patience: float = PATIENCE) -> HubClient:
    """A visitor of this machine's hub, whatever its certificate; `name`: a name to use instead of its address;
    `patience`: seconds that an answer may take.
    """
    pinned = host(machine) if name else None
    return HubClient(url(machine, name), address=pinned, verify=False, token=token, timeout=patience * machine.pace)


def add_person(machine: Machine, name: str = PERSON, password: str = PERSON_PASSWORD) -> None:
    """Create an account as an administrator does: with the distribution's `adduser`, without anything of ours."""
    machine.run("command -v adduser || { apt-get update -q && apt-get install -qy adduser; }")
    if machine.run(["getent", "passwd", name], check=False).code:
        machine.run(["adduser", "--disabled-password", "--gecos", "", name])
    machine.run(["chpasswd"], stdin=f"{name}:{password}\n".encode())


def container(name: str) -> str:
    """The container of a person's server; DockerSpawner writes a hyphen as -2d."""
    return f"jupyter-{name.replace('-', '-2d')}{layout.CONTAINER_TAIL}"


def build_installed(machine: Machine) -> None:
    """For `snapshot_of("installed", build_installed)`: set up, and with one person."""
    install(machine)
    add_person(machine)


def cold_start(machine: Machine) -> None:
    """After a boot: systemd starts everything; without it, run the documented boot command. Then wait."""
    if machine.process_manager is ProcessManager.PLAIN:
        machine.run(["hubinstall", "start"])
    wait_for_login_page(machine)


def wait_for_login_page(machine: Machine, seconds: float = LONG, name: str = "") -> None:
    """Return when the hub answers through nginx; `seconds` are multiplied by the machine's pace; `name`: a name to use
    instead of its address.
    """
    end = time.monotonic() + seconds * machine.pace
    with client(machine, name=name) as anybody:
        while True:
            try:
                anybody.login_page()
                return
            except HubError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def plan(machine: Machine) -> list[dict[str, Any]]:
    """What apply would change."""
    changes: list[dict[str, Any]] = json.loads(machine.run(["hubinstall", "plan", "--json"]).out)["changes"]
    return changes


def changed(applied: Result) -> set[str]:
    """The ids of the changes that an `apply --verbose` reports."""
    return set(re.findall(r"^(?:create|change|remove) +(\S+) ", applied.err, re.MULTILINE))


def starts(machine: Machine) -> dict[str, str]:
    """Service → a value that changes with each start: the InvocationID, or supervisor's pid and start time."""
    if machine.process_manager is ProcessManager.SYSTEMD:
        names = ["jupyterhub", "jupyterhub-proxy", "nginx", "docker", "containerd", "hubinstall-firewall"]
        shown = machine.run(["systemctl", "show", "--property=Id,InvocationID", *[f"{n}.service" for n in names]]).out
        pairs = [block.splitlines() for block in shown.strip().split("\n\n")]
        return {lines[0]: lines[1] for lines in pairs}
    ctl = "/opt/hubinstall/supervisor/bin/supervisorctl -c /opt/hubinstall/etc/supervisord.conf"
    # status fails if a oneshot has EXITED, which is right for a oneshot.
    rows = [line.split(None, 2) for line in machine.run(f"{ctl} status", check=False).out.splitlines()]
    pids = machine.run(f"{ctl} pid all").out.split()
    return {row[0]: pid if pid != "0" else row[-1] for row, pid in zip(rows, pids, strict=True)}


def names(machine: Machine, *services: str) -> set[str]:
    """The keys of `starts` for services."""
    return {f"Id={s}.service" if machine.process_manager is ProcessManager.SYSTEMD else s for s in services}


def server_answers(client: HubClient) -> bool:
    """Whether the person's running server can be reached from outside: the server itself, not a redirect to a page."""
    path = f"user/{client.user}/api/status"
    try:
        response = client.request("GET", path, step="status")
    except HubError:
        return False
    return response.status_code == 200 and response.url.path.endswith(path)


def status(client: HubClient, path: str) -> int:
    """The status code of a page for this person."""
    return client.request("GET", path, step="page").status_code
