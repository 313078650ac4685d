"""People and groups of an LDAP directory, through SSSD, as a site has them: real slapd with TLS, real SSSD and PAM."""

import time

import pytest

from checkout_path import CHECKOUT
from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

PASSWORD = "noether-1918-ring"
OUT_OF_GROUP = """ldapmodify -x -H ldapi:/// -D cn=admin,dc=example,dc=org -w {password} <<END
dn: cn={group},ou=groups,dc=example,dc=org
changetype: modify
delete: memberUid
memberUid: emmy
END
"""
OTHER_PASSWORD = """ldappasswd -x -H ldapi:/// -D cn=admin,dc=example,dc=org -w {password} \
-s tern-lagoon-1822 uid=emmy,ou=people,dc=example,dc=org"""


@pytest.fixture(scope="module")
def joined(installed_machine: Machine) -> Machine:
    """A machine that has joined the directory after the installation; its members and administrators are groups'."""
    installed_machine.push(CHECKOUT / "tests/harness/inside/directory.sh", "/root/directory.sh")
    installed_machine.run(["sh", "/root/directory.sh", PASSWORD])
    installed_machine.run(
        "hubinstall config set users.allow_all false users.allowed_groups '[members]' users.admin_groups '[hub-admins]'"
    )
    installed_machine.run("hubinstall apply --verbose")
    return installed_machine


HELPER = "pgrep --full --oldest accounts_helper"


def said_to_a_login(machine: Machine, name: str, password: str) -> str:
    """Why it is refused; empty if it is not."""
    with installed.client(machine) as person:
        try:
            person.login(name, password)
        except HubError as error:
            return str(error)
    return ""


def members_are_in_and_administrators_by_group_until_they_leave_it(joined: Machine) -> None:
    helper = joined.run(HELPER).out
    with installed.client(joined) as emmy, installed.client(joined) as otto, installed.client(joined) as stranger:
        with pytest.raises(HubError, match="otto is not on the list of people who may use this hub"):
            otto.login("otto", PASSWORD)
        with pytest.raises(HubError, match="Invalid username or password"):
            stranger.login("emmy", "not-her-password")
        emmy.login("emmy", PASSWORD)
        assert joined.run(HELPER).out == helper, "it has checked passwords, and lives on"
        assert installed.status(emmy, "hub/admin") == 200
        with pytest.raises(HubError, match="home"):
            emmy.start_server()
        joined.run("mkhomedir_helper emmy 0077")  # as docs/how-to/sign-on.md says
        joined.run("hubinstall verify")
        emmy.start_server()
        assert emmy.run_cell("import os; print(os.getuid(), os.path.expanduser('~'))") == "200001 /home/emmy\n"

        # SSSD keeps groups for a few seconds, the hub for a minute.
        joined.run(OUT_OF_GROUP.format(password=PASSWORD, group="hub-admins"))
        assert soon(lambda: installed.status(emmy, "hub/admin") == 403), "with the browser's old cookie"
        assert emmy.run_cell("print(6 * 7)") == "42\n", "still a member"

        joined.run("hubinstall config set limits.cpu 2 --apply")
        assert "nothing changed" in joined.run("hubinstall apply").err
        assert installed.status(emmy, "hub/home") == 200
        assert installed.status(emmy, "hub/admin") == 403

        joined.run(OUT_OF_GROUP.format(password=PASSWORD, group="members"))
        assert soon(lambda: "jupyter-emmy" not in joined.run("docker ps --format '{{.Names}}'").out)
        assert emmy.request("GET", "hub/home", step="session").url.path.endswith("/hub/login")


def a_directory_that_is_away_ends_nobodys_work_and_a_changed_password_counts(joined: Machine) -> None:
    joined.run("[ -d /home/emmy ] || mkhomedir_helper emmy 0077; hubinstall config set users.allow_all true --apply")
    with installed.client(joined) as emmy:
        emmy.login("emmy", PASSWORD)
        emmy.start_server()
        joined.run("service slapd stop")
        time.sleep(75)  # longer than the hub takes to see that an account has ended
        assert emmy.run_cell("print('goes on')") == "goes on\n"
        assert installed.status(emmy, "hub/home") == 200
        joined.run("start-slapd")
        joined.run(OTHER_PASSWORD.format(password=PASSWORD))
        emmy.stop_server()
    # While the directory is away SSSD takes the last password that it saw; it looks again after up to 90 seconds.
    assert soon(lambda: "Invalid username or password" in said_to_a_login(joined, "emmy", PASSWORD), every=2)
    with installed.client(joined) as after:
        after.login("emmy", "tern-lagoon-1822")


CASES = {
    "in and out": members_are_in_and_administrators_by_group_until_they_leave_it,
    "away": a_directory_that_is_away_ends_nobodys_work_and_a_changed_password_counts,
}


@pytest.mark.drawn("case", [*CASES], sample=1)
def test_people_of_a_directory(joined: Machine, case: str) -> None:
    CASES[case](joined)
