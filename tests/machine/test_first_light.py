"""One file, piped into Python on an empty machine, and what a person does next; then all of it taken away again, and
the same from a checkout.
"""

from collections.abc import Iterator

import pytest

from harness import installed, one_file, remains
from harness.machine import Machine
from harness.manifest import Manifest, diff, manifest
from hubinstall import layout
from hubinstall.verify.client.hub import HubClient

RUNNING = (
    # The hub notes when each person was last active, every 30 s or so.
    layout.HUB_DATABASE, f"{layout.HUB_DATABASE}-journal",
    # And each minute what the servers used.
    layout.USE_HISTORY, f"{layout.USE_HISTORY}-journal",
    "/var/lib/docker/containers",  # what a running server writes to its log
)  # fmt: skip
"""What changes by itself on a machine with a hub and a server that run; logs (`VOLATILE`) apart."""
NOT_FOUND = 127
VISITOR = "/run/visitor"
VISITS = f"""while sleep 0.5; do
    curl -s -m 3 -w '%{{http_code}}\\n' -o {VISITOR}.html http://127.0.0.1/ >>{VISITOR}
    grep -qs 'being installed' {VISITOR}.html && cp {VISITOR}.html {VISITOR}-saw.html
done"""
"""Somebody who cannot wait, and looks at port 80 twice a second."""


@pytest.fixture(scope="module")
def before(machine: Machine) -> Manifest:
    return manifest(machine)


@pytest.fixture(scope="module")
def output(machine: Machine, before: Manifest) -> str:
    """What the install printed."""
    assert before
    with machine.background(["bash", "-c", VISITS]):
        done = one_file.install(machine, "--progress-page")
    installed.add_person(machine)
    return done.out + done.err


@pytest.fixture
def grace(machine: Machine, output: str) -> Iterator[HubClient]:
    assert output
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        yield client


def test_the_end_says_the_address_and_who_can_log_in(machine: Machine, output: str) -> None:
    assert installed.told(machine) in output
    assert installed.ADMIN in output
    assert "What you may want next:\n  hubinstall status" in output
    assert installed.ADMIN_PASSWORD not in output
    assert "Traceback" not in output


def test_who_waits_sees_how_far_it_is_and_then_the_hub(machine: Machine, output: str) -> None:
    assert "progress page cannot be shown" not in output
    saw, codes = machine.read(f"{VISITOR}-saw.html"), machine.read(VISITOR).split()
    assert "installing packages of the distribution (" in saw
    assert "503" in codes
    assert codes[-1] in {"200", "301", "302", "307", "308", "404", "444", "000"}, "nginx has the port"
    assert "503" not in codes[-3:]


def test_a_person_logs_in_and_runs_a_cell(grace: HubClient) -> None:
    grace.start_server()
    assert grace.run_cell("print(6 * 7)") == "42\n"
    assert grace.run_cell("import getpass, os; print(getpass.getuser(), os.getcwd())") == "grace /home/grace\n"


def test_the_servers_process_is_the_persons(grace: HubClient, machine: Machine) -> None:
    grace.start_server()
    grace.run_cell("open('from-the-cell', 'w').write('hello')")
    assert machine.run("stat -c %U /home/grace/from-the-cell").out == "grace\n"


def test_a_second_apply_does_nothing_without_a_network(machine: Machine, grace: HubClient) -> None:
    grace.start_server()
    before, started = manifest(machine, RUNNING), installed.starts(machine)
    with machine.offline():
        second = machine.run(["hubinstall", "apply"])
    assert "nothing changed" in second.err
    assert installed.starts(machine) == started
    assert not diff(before, manifest(machine, RUNNING))
    assert installed.plan(machine) == []


def test_wrong_passwords_and_system_accounts_stay_out(machine: Machine, output: str) -> None:
    assert output
    machine.run(["chpasswd"], stdin=b"root:toor-1969\n")
    for name, password in (("grace", "wrong"), ("root", "toor-1969"), ("nobody", ""), ("hubinstall-probe", "x")):
        with installed.client(machine) as client, pytest.raises(Exception, match="login"):
            client.login(name, password)


def test_uninstall_leaves_what_it_must_and_nothing_else(machine: Machine, before: Manifest, grace: HubClient) -> None:
    machine.run("hubinstall config set shares '{course: }' --apply")
    machine.run("echo lesson >/srv/data/course/lesson.txt; echo mine >/home/grace/mine.txt")
    machine.write("/etc/hubinstall/jupyterhub_config.d/mine.py", "c.JupyterHub.admin_access = False\n")
    machine.write("/etc/hubinstall/nginx.d/mine.conf", "client_header_timeout 50s;\n")
    machine.run(["hubinstall", "apply"])
    settings = machine.read("/etc/hubinstall/config.yaml")
    grace.start_server()
    done = machine.run(["hubinstall", "uninstall", "--yes"])
    assert "hubinstall is gone" in done.out
    assert remains.unexplained(machine, before) == []
    assert remains.traces(machine) == {}
    assert machine.read("/etc/hubinstall/config.yaml") == settings
    assert machine.exists("/etc/hubinstall/jupyterhub_config.d/mine.py")
    assert machine.exists("/etc/hubinstall/nginx.d/mine.conf")
    assert machine.read("/home/grace/mine.txt") == "mine\n"
    assert machine.read("/srv/data/course/lesson.txt") == "lesson\n"
    assert not machine.exists("/home/grace/course")
    assert not machine.exists("/etc/skel/course")
    machine.run("getent passwd ada && getent passwd grace")
    assert machine.run(["hubinstall", "uninstall", "--yes"], check=False).code == NOT_FOUND


def test_a_new_install_on_top_finds_the_same_homes(machine: Machine, output: str) -> None:
    assert output
    installed.install(machine)
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert (
            client.run_cell("print(open('mine.txt').read(), open('course/lesson.txt').read())") == "mine\n lesson\n\n"
        )
