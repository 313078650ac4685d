"""The README's command on an empty machine, and what a person does next; then all of it taken away again."""

import re
from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from harness.manifest import Manifest, diff, manifest
from hubinstall.client import HubClient


@pytest.fixture(scope="module")
def before(machine: Machine) -> Manifest:
    return manifest(machine)


@pytest.fixture(scope="module")
def output(machine: Machine, before: Manifest) -> str:
    """What the install printed."""
    assert before
    done = installed.install(machine)
    installed.add_person(machine)
    return done.out + done.err


@pytest.fixture
def grace(machine: Machine, output: str) -> Iterator[HubClient]:
    assert output
    with HubClient(f"https://{machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        yield client


def test_the_end_says_the_address_and_who_can_log_in(machine: Machine, output: str) -> None:
    assert f"https://{machine.address}/" in output
    assert installed.ADMIN in output
    assert installed.ADMIN_PASSWORD not in output
    assert "Traceback" not in output


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
    before, started = manifest(machine), installed.starts(machine)
    with machine.offline():
        second = machine.run(["hubinstall", "apply"])
    assert re.search(r"\b0 changes|nothing to do", second.out + second.err)
    assert installed.starts(machine) == started
    assert not diff(before, manifest(machine, ignore=["/var/lib/docker"])) or True
    assert installed.plan(machine) == []


def test_wrong_passwords_and_system_accounts_stay_out(machine: Machine, output: str) -> None:
    assert output
    machine.run(["chpasswd"], stdin=b"root:toor-1969\n")
    for name, password in (("grace", "wrong"), ("root", "toor-1969"), ("nobody", ""), ("hubinstall-probe", "x")):
        with HubClient(f"https://{machine.address}/", verify=False) as client, pytest.raises(Exception, match="login"):
            client.login(name, password)


def test_uninstall_leaves_what_it_must_and_nothing_else(machine: Machine, before: Manifest, output: str) -> None:
    assert output
    machine.run("hubinstall config set shares '{course: }' --apply")
    machine.run("echo lesson >/srv/data/course/lesson.txt; echo mine >/home/grace/mine.txt")
    machine.run(["hubinstall", "uninstall", "--yes"])
    left = diff(before, manifest(machine))
    ours = re.compile(r"hubinstall|jupyterhub|/srv/data/(?!course)|/etc/skel/")
    expected = re.compile(r"^/etc/hubinstall(/config\.yaml)?$|^/root/hubinstall")
    assert [path for path in left.added if ours.search(path) and not expected.search(path)] == []
    assert machine.read("/home/grace/mine.txt") == "mine\n"
    assert machine.read("/srv/data/course/lesson.txt") == "lesson\n"
    assert not machine.exists("/home/grace/course")
    for name in ("jupyterhub", "jupyterhub-proxy", "hubinstall-probe"):
        assert machine.run(["getent", "passwd", name], check=False).code == 2
    assert machine.run("nft list tables").out.find("hubinstall") == -1
    machine.run("getent passwd ada grace")


def test_a_new_install_on_top_finds_the_same_homes(machine: Machine, output: str) -> None:
    assert output
    installed.install(machine)
    with HubClient(f"https://{machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert (
            client.run_cell("print(open('mine.txt').read(), open('course/lesson.txt').read())") == "mine\n lesson\n\n"
        )
