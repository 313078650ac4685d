"""Whom the file does not name any more: the right goes, and with it sessions, tokens and running servers."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness import installed, visits
from harness.machine import Machine
from harness.waiting import soon
from hubinstall import layout
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = pytest.mark.one_kind

PEOPLE = {
    installed.ADMIN: installed.ADMIN_PASSWORD,
    installed.PERSON: installed.PERSON_PASSWORD,
    "joan": "mercury-1958",
    "prof": "abacus-2700",
}
LogIn = Callable[[str], HubClient]


@pytest.fixture(scope="module")
def log_in(installed_machine: Machine) -> Iterator[LogIn]:
    for name in ("joan", "prof"):
        installed.add_person(installed_machine, name, PEOPLE[name])
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
    assert soon(lambda: installed.container("joan") not in containers(machine))
    assert not installed.server_answers(joan)
    with pytest.raises(HubError, match="joan is not allowed to use this hub"):
        log_in("joan")
    assert grace.run_cell("print('goes on')") == "goes on\n"
    machine.run("hubinstall config remove-item users.banned joan --apply")
    back = log_in("joan")
    back.start_server()
    assert back.run_cell("print('again')") == "again\n"
    machine.run("groupadd --force suspended; usermod --append --groups suspended joan")
    machine.run("hubinstall config set users.banned_groups [suspended] --apply")
    assert soon(lambda: not has_session(back)), "the group counts from this apply on"
    assert soon(lambda: installed.container("joan") not in containers(machine))
    with pytest.raises(HubError, match="joan is not allowed to use this hub"):
        log_in("joan")
    machine.run("gpasswd --delete joan suspended")
    back = log_in("joan")
    machine.run("usermod --append --groups suspended joan")
    assert soon(lambda: not has_session(back), 180), "whoever comes into it later, a minute after"
    assert grace.run_cell("print('goes on')") == "goes on\n"
    machine.run("groupdel suspended; hubinstall config unset users.banned_groups --apply")


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
    assert soon(lambda: installed.container("joan") not in containers(machine))
    assert not installed.server_answers(joan)
    with pytest.raises(HubError, match="joan is not on the list of people who may use this hub"):
        log_in("joan")
    assert grace.run_cell("print('goes on')") == "goes on\n"


@pytest.fixture(scope="module")
def by_groups(installed_machine: Machine, log_in: LogIn) -> Machine:
    """Joan and grace may come in by a group each, grace is an administrator by one, and prof teaches joan's."""
    machine = installed_machine
    machine.run("for group in course other tutors; do groupadd $group; done")
    machine.run("usermod -aG course joan && usermod -aG other,tutors grace")
    machine.run("hubinstall config set users.allow_all false")
    for words in (
        "users.admin []", "users.allowed [prof]", "users.admin_groups [tutors]", "users.allowed_groups [course,other]",
    ):  # fmt: skip
        machine.run(["hubinstall", "config", "set", *words.split()])
    machine.run("hubinstall config set teachers.course [prof] --apply")
    return machine


def opened(client: HubClient, name: str) -> int:
    return visits.opened(client, f"user/{name}/lab").status_code


def servers_page(client: HubClient) -> dict[str, str]:
    """Person → their row of the page, in words."""
    page = client.request("GET", "hub/servers", step="servers", headers=PAGE)
    assert page.status_code == 200, page.text
    rows = {part.partition('"')[0]: part for part in page.text.split('data-person="')[1:]}
    return {name: " ".join(re.sub("<[^>]*>", " ", row).split()) for name, row in rows.items()}


def used(machine: Machine) -> dict[str, dict[str, float]]:
    """Person → the sums of the last two hours."""
    told = json.loads(machine.run("hubinstall top --since 2h --json").out)
    return {one["person"]: one for one in told["people"]}


def test_the_page_of_servers_shows_administrators_all_and_teachers_their_class_and_stops_one(
    by_groups: Machine, log_in: LogIn
) -> None:
    machine = by_groups
    prof, joan, grace = (log_in(name) for name in ("prof", "joan", installed.PERSON))
    joan.start_server()
    grace.start_server()
    assert soon(lambda: "joan" in servers_page(prof))
    joan.run_cell("sum(n * n for n in range(3 * 10**7))")
    seen = servers_page(grace)
    assert {"joan", installed.PERSON} <= seen.keys()
    assert layout.PROBE_USER not in seen
    for name in ("joan", installed.PERSON):
        assert re.search(r"ready \d{4}-\d\d-\d\d \d\d:\d\d [0-9.]+ \d+M of [0-9.]+G .*hubinstall/default:", seen[name])
    assert servers_page(prof).keys() == {"joan"}
    # As the service of the quotas leaves it: the file systems of these machines have none (test_quota.py).
    machine.run(["tee", layout.HOME_USE], stdin=b'{"joan": [52428800, 104857600]}')
    machine.run(["chmod", "640", layout.HOME_USE])
    assert "50M of 100M" in servers_page(prof)["joan"]
    machine.run(["rm", layout.HOME_USE])
    assert installed.status(joan, "hub/servers") == 403
    form = visits.hidden(prof.request("GET", "hub/servers", step="servers", headers=PAGE))

    def stop(name: str) -> int:
        data = {"_xsrf": form["_xsrf"], "user": name, "server": ""}
        return prof.request("POST", "hub/servers", step="stop", headers=PAGE, data=data).status_code

    assert soon(lambda: used(machine)["joan"]["cpu"] > 1), "the look before the cell's end may count for a moment"
    before = used(machine)
    assert before[installed.PERSON]["memory"] > 20 << 20
    assert layout.PROBE_USER not in before
    machine.run("hubinstall restart jupyterhub")  # which writes down what it has seen
    assert machine.run(f"stat -c '%a %U' {layout.USE_HISTORY}").out == f"600 {layout.HUB_USER}\n"
    assert soon(lambda: used(machine)["joan"]["seconds"] > before["joan"]["seconds"])
    assert soon(lambda: all("ready" in servers_page(grace)[name] for name in ("joan", installed.PERSON))), "all seen"
    token = new_token(grace)
    assert with_token(machine, token, "metrics") == 200
    assert with_token(machine, new_token(joan), "metrics") == 403
    assert installed.status(joan, "hub/metrics") == 403
    figures = grace.fetch("GET", "hub/metrics", step="metrics").text
    assert re.search(r'^hubinstall_servers\{state="ready"\} [2-9]', figures, re.MULTILINE)
    assert re.search(r"^hubinstall_servers_memory_bytes [1-9]", figures, re.MULTILINE)
    assert stop(installed.PERSON) == 404
    assert stop("joan") == 200
    assert soon(lambda: installed.container("joan") not in containers(machine))
    assert installed.container(installed.PERSON) in containers(machine)
    assert soon(lambda: servers_page(prof) == {})


def test_a_teacher_opens_the_servers_of_a_class_and_no_other_until_taken_out(by_groups: Machine, log_in: LogIn) -> None:
    machine = by_groups
    prof, joan, grace = (log_in(name) for name in ("prof", "joan", installed.PERSON))
    joan.start_server()
    grace.start_server()
    assert soon(lambda: "joan" in {user["name"] for user in prof.api("GET", "users")})
    assert installed.PERSON not in {user["name"] for user in prof.api("GET", "users")}
    assert installed.status(prof, "hub/admin") == 200, "the list of the class"
    assert opened(prof, "joan") == 200
    assert installed.status(prof, "user/joan/api/status") == 200
    assert opened(prof, installed.PERSON) == 403
    assert opened(joan, installed.PERSON) == 403
    assert opened(grace, "joan") == 403, "administrators open nobody's server"
    for path in ("users/joan/tokens", "users/zoe", "groups/course/users", "shutdown"):
        assert prof.fetch("POST", f"hub/api/{path}", step=path, json={"users": ["prof"]}).status_code in {403, 404}
    assert prof.fetch("DELETE", f"hub/api/users/{installed.PERSON}/server", step="stop").status_code in {403, 404}
    machine.run("gpasswd -d joan course && usermod -aG other joan")
    assert soon(lambda: installed.status(prof, "user/joan/api/status") == 403), "with the old cookie"
    assert opened(prof, "joan") == 403
    machine.run("gpasswd -d joan other && usermod -aG course,tutors joan")
    log_in("joan")
    time.sleep(12)
    assert opened(prof, "joan") == 403, "an administrator's server"
    machine.run("gpasswd -d joan tutors")
    log_in("joan")
    assert soon(lambda: opened(prof, "joan") == 200)
    machine.run("hubinstall config remove-item teachers.course prof --apply")
    assert soon(lambda: installed.status(prof, "user/joan/api/status") == 403), (
        "what a server remembers for ten seconds"
    )
    assert opened(prof, "joan") == 403
    assert joan.run_cell("print('goes on')") == "goes on\n"


def test_rights_by_group_end_with_the_membership(by_groups: Machine, log_in: LogIn) -> None:
    """A login asks the groups at once; other requests do within a minute."""
    machine = by_groups
    grace, joan = log_in(installed.PERSON), log_in("joan")
    assert installed.status(grace, "hub/admin") == 200
    assert installed.status(joan, "hub/admin") == 403
    joan.start_server()
    token = new_token(joan)
    machine.run("gpasswd -d grace tutors && gpasswd -d joan course")
    log_in(installed.PERSON)
    assert installed.status(grace, "hub/admin") == 403, "with the browser's old cookie"
    assert has_session(grace)
    with pytest.raises(HubError, match="joan is not on the list of people who may use this hub"):
        log_in("joan")
    assert not has_session(joan)
    assert with_token(machine, token, "users/joan") == 403
    assert soon(lambda: installed.container("joan") not in containers(machine))


def test_that_nobody_could_log_in_is_said_before_it_is_done(by_groups: Machine) -> None:
    machine = by_groups
    for words in ("users.admin_groups []", "users.allowed_groups []", "users.allowed [joan]"):
        machine.run(["hubinstall", "config", "set", *words.split()])
    machine.run("hubinstall config unset teachers && usermod --lock joan")
    words = "users.allowed: nobody could log in: joan is locked"
    for command in ("plan", "apply --verbose", "status"):
        ended = machine.run(f"hubinstall {command}", check=False)
        assert words in " ".join(f"{ended.out} {ended.err}".split()), ended
        if "apply" in command:
            assert ended.err.index("nobody could log in") < ended.err.index("hub.json"), "before the first change"
    machine.run("usermod --unlock joan")
    assert "nobody could log in" not in machine.run("hubinstall plan").err
