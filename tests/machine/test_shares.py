"""A share added to the running system: in old and new homes, readable in a server that was running before."""

from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

REFUSED = "try: open('course/two.txt', 'w')\nexcept OSError as e: print(e.strerror)"


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    """Her server was started before the share was added."""
    with installed.client(installed_machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        installed_machine.run("hubinstall config set shares.course '{access: read-only}' --apply")
        installed_machine.run("echo lesson one >/srv/data/course/one.txt")
        yield client


def test_a_share_needs_no_restart_and_is_not_writable(installed_machine: Machine, grace: HubClient) -> None:
    assert grace.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"
    assert grace.run_cell(REFUSED) == "Read-only file system\n"
    assert not installed_machine.exists("/srv/data/course/two.txt")


def test_an_account_made_later_has_the_link_and_can_log_in(installed_machine: Machine, grace: HubClient) -> None:
    assert grace
    installed.add_person(installed_machine, "joan", "spacecraft-1961")
    assert installed_machine.run("readlink /home/joan/course").out == "/srv/data/course\n"
    with installed.client(installed_machine) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        assert joan.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"


def test_a_group_share_is_writable_for_its_members_only(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("hubinstall config set shares.project '{access: {group: team}}' --apply")
    machine.run(["usermod", "-aG", "team", "grace"])  # the group was made
    grace.stop_server()
    grace.start_server()
    grace.run_cell("open('project/plan.txt', 'w').write('p')")
    assert machine.run("stat -c '%U %G' /srv/data/project/plan.txt").out == "grace team\n"
    with installed.client(machine) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        assert ada.run_cell("print(open('/srv/data/project/plan.txt').read())") == "p\n"
        refused = "try: open('project/x', 'w')\nexcept OSError as e: print(e.strerror)"
        assert ada.run_cell(refused) == "Read-only file system\n"
    assert grace.run_cell(REFUSED) == "Read-only file system\n"


def test_members_need_no_restart_of_anything_and_what_they_write_is_the_groups(
    installed_machine: Machine, grace: HubClient
) -> None:
    machine = installed_machine
    before = installed.starts(machine)
    machine.run("usermod -aG team joan")
    with installed.client(machine) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.stop_server()
        joan.start_server()
        assert joan.run_cell("open('project/plan.txt', 'a').write(', q')") == "3\n"
        joan.stop_server()
    assert grace.run_cell("print(open('project/plan.txt').read())") == "p, q\n"
    assert installed.starts(machine) == before


def test_a_share_taken_out_leaves_its_files_and_no_links(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("hubinstall config unset shares.course --apply")
    assert machine.read("/srv/data/course/one.txt") == "lesson one\n"
    assert not any(machine.exists(f"{home}/course") for home in ("/etc/skel", "/home/grace", "/home/joan", "/home/ada"))
    assert grace.run_cell("import os; print(os.path.lexists('course'))") == "False\n"
