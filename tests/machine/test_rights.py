"""Whom the file does not name any more: the right goes, and with it sessions, tokens and running servers."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

PEOPLE = {
    installed.ADMIN: installed.ADMIN_PASSWORD,
    installed.PERSON: installed.PERSON_PASSWORD,
    "joan": "mercury-1958",
}
LogIn = Callable[[str], HubClient]


@pytest.fixture(scope="module")
def log_in(installed_machine: Machine) -> Iterator[LogIn]:
    installed.add_person(installed_machine, "joan", PEOPLE["joan"])
    with ExitStack() as stack:

        def log_in(name: str) -> HubClient:
            client = stack.enter_context(installed.client(installed_machine))
            client.login(name, PEOPLE[name])
            return client

        yield log_in


def new_token(client: HubClient) -> str:
    """As the page "Token" makes one: with all that its owner may."""
    token: str = client.api("POST", f"users/{client.user}/tokens", body={"note": "by hand"})["token"]
    return token


def with_token(machine: Machine, token: str, path: str) -> int:
    with installed.client(machine, token=token) as client:
        return client.fetch("GET", f"hub/api/{path}", step="token").status_code


def has_session(client: HubClient) -> bool:
    """Whether the hub still knows the browser; without a session one is led to the login page."""
    return client.request("GET", "hub/home", step="session").url.path.endswith("/hub/home")


def containers(machine: Machine) -> set[str]:
    return set(machine.run("docker ps --all --format '{{.Names}}' --filter label=hubinstall.user").out.split())


def test_an_admin_taken_out_loses_right_session_and_tokens_and_keeps_the_server(
    installed_machine: Machine, log_in: LogIn
) -> None:
    machine = installed_machine
    ada, grace = log_in(installed.ADMIN), log_in(installed.PERSON)
    ada.start_server()
    grace.start_server()
    tokens = {client.user: new_token(client) for client in (ada, grace)}
    assert installed.status(ada, "hub/admin") == 200
    assert with_token(machine, tokens["ada"], "users/grace") == 200
    with ada.kernel() as kernel:
        machine.run("hubinstall config remove-item users.admin ada --apply")
        assert kernel.execute("print('goes on')") == "goes on\n"
    assert not has_session(ada)
    assert with_token(machine, tokens["ada"], "users/grace") == 403
    assert with_token(machine, tokens["ada"], "users/ada") == 403
    again = log_in(installed.ADMIN)
    assert installed.status(again, "hub/admin") == 403
    assert again.run_cell("print('her own server lets her in')") == "her own server lets her in\n"
    assert has_session(grace)
    assert with_token(machine, tokens["grace"], "users/grace") == 200
    assert grace.run_cell("print(1)") == "1\n"


def test_who_is_banned_loses_session_token_and_server_and_gets_in_again_when_it_is_lifted(
    installed_machine: Machine, log_in: LogIn
) -> None:
    machine = installed_machine
    grace, joan = log_in(installed.PERSON), log_in("joan")
    grace.start_server()
    joan.start_server()
    token = new_token(joan)
    machine.run("hubinstall config add-item users.banned joan --apply")
    assert not has_session(joan)
    assert with_token(machine, token, "users/joan") == 403
    assert not installed.server_answers(joan)
    assert installed.container("joan") not in containers(machine)
    with pytest.raises(HubError, match="joan is not allowed to use this hub"):
        log_in("joan")
    assert grace.run_cell("print('goes on')") == "goes on\n"
    machine.run("hubinstall config remove-item users.banned joan --apply")
    back = log_in("joan")
    back.start_server()
    assert back.run_cell("print('again')") == "again\n"


def test_who_is_not_among_the_allowed_any_more_loses_session_token_and_server(
    installed_machine: Machine, log_in: LogIn
) -> None:
    machine = installed_machine
    machine.run("hubinstall config set users.allow_all false")
    machine.run("hubinstall config add-item users.allowed joan")
    machine.run("hubinstall config add-item users.allowed grace --apply")
    grace, joan = log_in(installed.PERSON), log_in("joan")
    grace.start_server()
    joan.start_server()
    token = new_token(joan)
    machine.run("hubinstall config remove-item users.allowed joan --apply")
    assert not has_session(joan)
    assert with_token(machine, token, "users/joan") == 403
    assert not installed.server_answers(joan)
    assert installed.container("joan") not in containers(machine)
    with pytest.raises(HubError, match="joan is not on the list of people who may use this hub"):
        log_in("joan")
    assert grace.run_cell("print('goes on')") == "goes on\n"


def test_rights_by_group_end_with_the_membership(installed_machine: Machine, log_in: LogIn) -> None:
    """A login asks the groups at once; other requests do within a minute."""
    machine = installed_machine
    machine.run("groupadd course && groupadd tutors && usermod -aG course joan && usermod -aG tutors grace")
    for words in ("allow_all false", "admin []", "allowed []", "allowed_groups [course]"):
        machine.run(f"hubinstall config set users.{words}")
    machine.run("hubinstall config set users.admin_groups [tutors] --apply")
    grace, joan = log_in(installed.PERSON), log_in("joan")
    assert installed.status(grace, "hub/admin") == 200
    assert installed.status(joan, "hub/admin") == 403
    joan.start_server()
    token = new_token(joan)
    machine.run("gpasswd -d grace tutors && gpasswd -d joan course && usermod -aG course grace")
    log_in(installed.PERSON)
    assert installed.status(grace, "hub/admin") == 403, "with the browser's old cookie"
    assert has_session(grace)
    with pytest.raises(HubError, match="joan is not on the list of people who may use this hub"):
        log_in("joan")
    assert not has_session(joan)
    assert with_token(machine, token, "users/joan") == 403
    end = time.monotonic() + 45
    while installed.container("joan") in containers(machine) and time.monotonic() < end:
        time.sleep(0.5)
    assert installed.container("joan") not in containers(machine)


def test_that_nobody_could_log_in_is_said_before_it_is_done(installed_machine: Machine) -> None:
    machine = installed_machine
    machine.run("hubinstall config set users.allow_all false")
    machine.run("hubinstall config set users.allowed [joan]")
    machine.run("usermod --lock joan")
    words = "users.allowed: nobody could log in: joan is locked"
    machine.run("hubinstall config set users.admin_groups [] && hubinstall config set users.allowed_groups []")
    for command in ("plan", "apply", "status"):
        ended = machine.run(f"hubinstall {command}", check=False)
        assert words in " ".join(f"{ended.out} {ended.err}".split()), ended
        if command == "apply":
            assert ended.err.index("nobody could log in") < ended.err.index("change"), "before the first change"
    machine.run("usermod --unlock joan")
    assert "nobody could log in" not in machine.run("hubinstall plan").err
