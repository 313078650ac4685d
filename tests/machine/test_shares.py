"""A share added to the running system: in old and new homes, readable in a server that was running before."""

from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.client import HubClient


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    """Her server was started before the share was added."""
    with HubClient(f"https://{installed_machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        installed_machine.run("hubinstall config set shares.course '{access: read-only}' --apply")
        installed_machine.run("echo lesson one >/srv/data/course/one.txt")
        yield client


def test_a_share_needs_no_restart_and_is_not_writable(installed_machine: Machine, grace: HubClient) -> None:
    assert grace.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"
    refused = "try: open('course/two.txt', 'w')\nexcept OSError as e: print(e.strerror)"
    assert grace.run_cell(refused) == "Read-only file system\n"
    assert not installed_machine.exists("/srv/data/course/two.txt")


def test_an_account_made_later_has_the_link_and_can_log_in(installed_machine: Machine, grace: HubClient) -> None:
    assert grace
    installed.add_person(installed_machine, "joan", "spacecraft-1961")
    assert installed_machine.run("readlink /home/joan/course").out == "/srv/data/course\n"
    with HubClient(f"https://{installed_machine.address}/", verify=False) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        assert joan.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"


def test_a_group_share_is_writable_for_its_members_only(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("hubinstall config set shares.project '{access: {group: team}}' --apply")
    machine.run("usermod -aG team grace")
    grace.stop_server()
    grace.start_server()
    grace.run_cell("open('project/plan.txt', 'w').write('p')")
    assert machine.run("stat -c '%U %G' /srv/data/project/plan.txt").out == "grace team\n"
    with HubClient(f"https://{machine.address}/", verify=False) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        assert ada.run_cell("print(open('/srv/data/project/plan.txt').read())") == "p\n"
        refused = "try: open('/srv/data/project/x', 'w')\nexcept OSError as e: print('refused')"
        assert ada.run_cell(refused) == "refused\n"


def test_an_admin_taken_out_of_the_file_loses_the_right(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    with HubClient(f"https://{machine.address}/", verify=False) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        assert installed.status(ada, "hub/admin") == 200
    machine.run("hubinstall config remove-item users.admin ada --apply")
    with HubClient(f"https://{machine.address}/", verify=False) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        assert installed.status(ada, "hub/admin") == 403
    assert installed.status(grace, "hub/admin") == 403
