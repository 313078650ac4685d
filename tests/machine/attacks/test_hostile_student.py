"""A student who wants to keep others from their servers, with what every account may do."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

HANGS = "import time\ntime.sleep(600)\n"
SETTINGS = "/home/{0}/.jupyter/jupyter_server_config.py"
KEPT = """
import sqlite3, sys
hub = sqlite3.connect("/var/lib/hubinstall/hub/jupyterhub.sqlite")
mine = "where user_id = (select id from users where name = 'grace')"
if sys.argv[1:]:
    hub.execute(f"update spawners set user_options = ? {mine}", sys.argv[1:])
    hub.commit()
print(hub.execute(f"select user_options from spawners {mine}").fetchone()[0])
"""
KEPT_OPTIONS = ["/opt/hubinstall/hub/bin/python3", "-c", KEPT]
ACCOMPLICES = {"eve": "salamander-1", "mal": "salamander-2"}


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def person(machine: Machine, stack: ExitStack, name: str, password: str) -> HubClient:
    client = stack.enter_context(installed.client(machine))
    client.login(name, password)
    return client


def start(client: HubClient) -> None:
    with suppress(HubError):
        client.start_server()


def test_starts_that_hang_stop_nobody_elses(installed_machine: Machine, stack: ExitStack) -> None:
    """As many as the machine has cores: JupyterHub would give each the 180 seconds that a server may be silent for."""
    machine = installed_machine
    hanging = []
    for name, password in ACCOMPLICES.items():
        installed.add_person(machine, name, password)
        machine.write("/root/hangs.py", HANGS)
        machine.run(f"install -D -o {name} -g {name} /root/hangs.py {SETTINGS.format(name)}")
        client = person(machine, stack, name, password)
        hanging.append(threading.Thread(target=start, args=(client,)))
        hanging[-1].start()
    grace = person(machine, stack, installed.PERSON, installed.PERSON_PASSWORD)
    ada = person(machine, stack, installed.ADMIN, installed.ADMIN_PASSWORD)
    try:
        running = "docker ps --quiet --filter name=jupyter-eve --filter name=jupyter-mal | wc -l | grep -qx 2"
        machine.run(f"until {running}; do sleep 0.2; done", timeout=60)
        begun = time.monotonic()
        for client in (ada, grace):
            client.start_server()
        assert time.monotonic() - begun < 120
        machine.run(running)
    finally:
        machine.run(["docker", "rm", "--force", *map(installed.container, ACCOMPLICES)])
        for thread in hanging:
            thread.join()
    for client in (ada, grace):
        client.stop_server()


def test_options_that_nobody_offers_keep_no_server_from_starting(installed_machine: Machine, stack: ExitStack) -> None:
    """From a link of another site, from the API, and kept by an earlier version."""
    machine = installed_machine
    grace = person(machine, stack, installed.PERSON, installed.PERSON_PASSWORD)
    for options in ({"image": "x"}, {"image": ["x"]}, {"image": {"a": 1}}, {"course": 1}, {"safe_start": "x"}):
        with pytest.raises(HubError, match=r"option|must be"):
            grace.api("POST", "users/grace/server", body={"user_options": options})
    machine.run([*KEPT_OPTIONS, '{"image": ["x"], "course": {}}'])
    machine.run("hubinstall restart jupyterhub")
    installed.wait_for_login_page(machine)
    grace.request("GET", "hub/spawn?image=x&opt-image=y", step="link")
    grace.start_server()
    assert machine.run(KEPT_OPTIONS).out == "{}\n"
    grace.stop_server()


def test_a_start_that_fails_says_why_whatever_has_failed(installed_machine: Machine, stack: ExitStack) -> None:
    machine = installed_machine
    dropin = "/etc/hubinstall/jupyterhub_config.d/fails.py"
    machine.write(
        dropin,
        "from tornado.web import HTTPError\n"
        "def hook(spawner):\n"
        "    raise HTTPError(400, 'The course is over.')\n"
        "c.Spawner.pre_spawn_hook = hook\n",
    )
    machine.run("hubinstall restart jupyterhub")
    installed.wait_for_login_page(machine)
    grace = person(machine, stack, installed.PERSON, installed.PERSON_PASSWORD)
    try:
        with pytest.raises(HubError, match="The course is over"):
            grace.start_server()
        page = grace.request("GET", "hub/spawn-pending/grace", step="page")
        assert "The course is over." in page.text
    finally:
        machine.run(["rm", dropin])
        machine.run("hubinstall restart jupyterhub")
        installed.wait_for_login_page(machine)
