"""Somebody whose right to be here has ended, with a browser, a token and a server from before."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

# Each makes an end of the one in {0}; the last makes an account of the same name and number. Without --force userdel
# refuses the account of a running process, and a container's counts where it is seen.
ENDS = {
    "lock": "passwd -l {0}",
    "expire": "usermod -e 2001-01-01 {0}",
    "password": "echo {0}:another-1 | chpasswd",
    "remove": "userdel --force {0}",
    "again": "uid=$(id -u {0}); userdel --force {0}; useradd -u $uid -s /bin/bash {0}; echo {0}:another-2 | chpasswd",
}
Member = tuple[HubClient, str]


@pytest.fixture(scope="module")
def members(installed_machine: Machine) -> Iterator[dict[str, Member]]:
    """Name → a browser with a session, and a token. All of them have a server."""
    with ExitStack() as stack:
        found = {}
        for name in (*ENDS, installed.PERSON):
            password = installed.PERSON_PASSWORD if name == installed.PERSON else f"member-{name}-1"
            if name != installed.PERSON:
                installed.add_person(installed_machine, f"m{name}", password)
            client = stack.enter_context(installed.client(installed_machine))
            client.login(name if name == installed.PERSON else f"m{name}", password)
            client.start_server()
            body = {"note": "from before"}
            found[name] = client, client.api("POST", f"users/{client.user}/tokens", body=body)["token"]
        yield found


def left(machine: Machine, member: Member) -> set[str]:
    """What the member still has."""
    client, token = member
    with installed.client(machine, token=token) as program:
        token_works = program.fetch("GET", "hub/api/user", step="token").status_code == 200
    page = client.request("GET", "hub/home", step="session")
    running = machine.run(["docker", "ps", "--all", "--quiet", "--filter", f"name=^jupyter-{client.user}_"]).out
    has = {"session": page.url.path.endswith("/hub/home"), "token": token_works, "container": bool(running)}
    return {what for what, there in has.items() if there}


def test_rights_that_ended_do_not_go_on(installed_machine: Machine, members: dict[str, Member]) -> None:
    """The containers end without a visit of theirs; a visit would end the session at once."""
    machine = installed_machine
    everything = {"session", "token", "container"}
    assert {name: left(machine, member) for name, member in members.items()} == dict.fromkeys(members, everything)
    for name, command in ENDS.items():
        machine.run(command.format(f"m{name}"))
    names = "docker ps --all --format '{{.Names}}' --filter label=hubinstall.user"
    assert soon(lambda: machine.run(names).out.split() == [installed.container("grace")])
    assert {name: left(machine, members[name]) for name in ENDS} == {name: set() for name in ENDS}
    assert left(machine, members[installed.PERSON]) == everything


def test_who_is_let_in_again_begins_anew(installed_machine: Machine) -> None:
    machine = installed_machine
    machine.run("passwd -u mlock; usermod -e '' mexpire")
    for name, password in (("mlock", "member-lock-1"), ("mexpire", "member-expire-1"), ("mpassword", "another-1")):
        with installed.client(machine) as client:
            client.login(name, password)
            assert installed.status(client, "hub/home") == 200
