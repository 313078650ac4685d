"""Sign-on by LTI 1.3 from a course of a learning platform: who gets in, and which launches are none."""

from collections.abc import Iterator

import pytest

from harness import installed, lti
from harness.lti import Platform
from harness.machine import Machine
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = pytest.mark.one_kind

TEACHER, STUDENT, OUTSIDER = "mary", "katherine", "mallory"
"""None of them has an account on the machine."""
ROLES = {TEACHER: "Instructor", STUDENT: "Learner", OUTSIDER: "Mentor"}
WHO = ["auth.lti.allowed_roles", "[Learner]", "auth.lti.admin_roles", "[Instructor]", "auth.lti.title", "Moodle"]
AGAIN = "Open the hub from the course again, in a new window"
WRONG = {
    "signature": "its signature is not the platform's",
    "key": "signed with a key that the platform does not show",
    "unsigned": "its signature is not the platform's",
    "audience": "it is for another tool",
    "issuer": "it is of another platform",
    "age": "it is too old",
    "nonce": "This is not the launch that your browser began",
}


@pytest.fixture(scope="module")
def platform(installed_machine: Machine) -> Iterator[Platform]:
    """The hub of its machine signs people on by it."""
    with lti.running(installed_machine) as platform:
        platform.knows(**ROLES)
        applied = installed_machine.run(["hubinstall", "config", "set", *platform.settings, *WHO, "--apply"]).err
        assert f"the page leads to {platform.url.removeprefix('https://')}" in applied
        assert "verify: the hub can start a server and run a cell" in applied
        yield platform


@pytest.fixture
def machine(platform: Platform) -> Machine:
    return platform.machine


def test_a_student_comes_from_the_course_and_runs_a_cell(platform: Platform, machine: Machine) -> None:
    with installed.client(machine) as client:
        page = lti.launch(client, platform, STUDENT)
        assert page.status_code == 200
        assert page.url.path.endswith("/hub/home"), "where the course's link leads"
        client.start_server()
        assert client.run_cell("import os; print(os.path.expanduser('~'))") == f"/home/{STUDENT}\n"
        assert installed.status(client, "hub/admin") == 403
    assert machine.run(["getent", "passwd", STUDENT]).out.endswith("nologin\n"), "made at the first launch"


def test_a_role_makes_an_administrator_and_without_one_nobody_gets_in(platform: Platform, machine: Machine) -> None:
    with installed.client(machine) as client:
        lti.launch(client, platform, TEACHER)
        assert installed.status(client, "hub/admin") == 200
    with installed.client(machine) as client:
        page = lti.launch(client, platform, OUTSIDER)
        assert page.status_code == 403
        assert f"{OUTSIDER} is not on the list of people who may use this hub" in page.text
    assert machine.run(["getent", "passwd", OUTSIDER], check=False).code, "and gets no account"
    platform.knows(**ROLES | {TEACHER: "Learner"})
    with installed.client(machine) as client:
        lti.launch(client, platform, TEACHER)
        assert installed.status(client, "hub/admin") == 403
    platform.knows(**ROLES)


def is_out(client: HubClient) -> bool:
    return client.request("GET", "hub/home", step="page").url.path.endswith("/hub/login")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_launch_that_is_none_is_refused_in_words(platform: Platform, machine: Machine, wrong: str) -> None:
    with installed.client(machine) as client:
        page = lti.launch(client, platform, STUDENT, wrong=wrong)
        assert page.status_code in {400, 403}
        assert WRONG[wrong] in page.text.replace("&#39;", "'")
        assert is_out(client)


def test_a_launch_counts_once_and_in_its_own_browser(platform: Platform, machine: Machine) -> None:
    with installed.client(machine) as client, installed.client(machine) as another:
        place, fields = lti.begun(client, platform, STUDENT)
        cookies = lti.cookies_of_a_launch(another, platform)
        assert [cookie.endswith("; SameSite=None; Secure") for cookie in cookies] == [True, True]
        assert AGAIN in lti.send(another, place, fields).text
        assert lti.send(client, place, fields).status_code == 200
        assert AGAIN in lti.send(client, place, fields).text
        _, own = lti.begun(another, platform, STUDENT)
        theirs = lti.send(another, place, {**own, "id_token": fields["id_token"]})
        assert (theirs.status_code, AGAIN in theirs.text) == (400, True), "a message of another launch"


def test_no_form_stands_for_a_launch(platform: Platform, machine: Machine) -> None:
    with installed.client(machine) as client:
        page = client.request("GET", "hub/lti13/oauth_login", step="page", headers=PAGE)
        assert page.status_code == 400
        assert "from a course of Moodle" in page.text
        client.login_page()
        form = {"username": TEACHER, "email": TEACHER, "sub": f"id-of-{TEACHER}", lti.ROLES: "x", "password": "x"}
        page = client.request(
            "POST", "hub/login", step="login", data={**form, "_xsrf": client._xsrf("hub/")}, headers=PAGE
        )
        assert page.status_code == 403
        assert is_out(client)


def test_another_setting_changes_nothing_of_it(platform: Platform, machine: Machine) -> None:
    machine.run("hubinstall config set limits.cpu 2 --apply")
    assert "nothing changed" in machine.run("hubinstall apply").err
    assert "LtiAuthenticator" in machine.run("hubinstall status", check=False).out
    said = machine.run("hubinstall verify --sign-on").err
    assert "not tried: a launch from a course there" in said
    with installed.client(machine) as client:
        assert lti.launch(client, platform, STUDENT).status_code == 200
