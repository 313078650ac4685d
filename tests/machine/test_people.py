"""People who come and go: a name that is given away again, a home of somebody else's, a user without an account."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from checkout_path import CHECKOUT
from harness import installed, memory
from harness.machine import Machine
from harness.waiting import soon
from hubinstall import layout
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

WHO = "import os; print(os.getuid(), os.environ['HOME'])"
WHOSE = "The home directory {} belongs to {}, and {} cannot write to it."


def create(machine: Machine, name: str, *words: str) -> str:
    """An account as `useradd` makes it; returns its new password."""
    machine.run(["useradd", "--create-home", "--shell=/bin/bash", *words, name])
    password = f"{name}-{time.monotonic_ns()}"
    machine.run(["chpasswd"], stdin=f"{name}:{password}\n".encode())
    return password


@contextmanager
def logged_in(machine: Machine, name: str, password: str) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        client.login(name, password)
        yield client


@contextmanager
def at_work(machine: Machine, name: str, password: str) -> Iterator[tuple[HubClient, str]]:
    """A person with a session, a server and an API token."""
    with logged_in(machine, name, password) as client:
        client.start_server()
        yield client, client.api("POST", f"users/{name}/tokens", body={"note": "by hand"})["token"]


def opens(machine: Machine, client: HubClient, token: str) -> dict[str, bool]:
    with installed.client(machine, token=token) as by_token:
        return {
            "session": client.request("GET", "hub/home", step="session").url.path.endswith("/hub/home"),
            "token": by_token.fetch("GET", f"hub/api/users/{client.user}", step="token").status_code == 200,
        }


NOTHING = {"session": False, "token": False}


def runs(machine: Machine, name: str) -> bool:
    return installed.container(name) in machine.run("docker ps --all --format '{{.Names}}'").out.split()


def ends(machine: Machine, name: str) -> bool:
    """Whether the server ends without anyone's visit."""
    return soon(lambda: not runs(machine, name))


def refusal(client: HubClient) -> str:
    with pytest.raises(HubError) as failure:
        client.start_server()
    return str(failure.value)


def test_a_new_account_of_the_name_gets_nothing_of_the_former_one(installed_machine: Machine) -> None:
    machine = installed_machine
    with at_work(machine, "dora", create(machine, "dora", "--uid=3456")) as (former, token):
        assert opens(machine, former, token) == {"session": True, "token": True}
        machine.run("userdel --force dora")
        password = create(machine, "dora", "--uid=4567")
        assert opens(machine, former, token) == NOTHING
        with logged_in(machine, "dora", password) as new:
            assert not runs(machine, "dora"), "the server of the number 3456 has ended before anyone was let in"
            assert opens(machine, former, token) == NOTHING
            assert WHOSE.format("/home/dora", "the number 3456, which no account has", "dora") in refusal(new)
            machine.run("chown --recursive dora: /home/dora")
            new.start_server()
            assert new.run_cell(WHO) == "4567 /home/dora\n"


def test_the_documented_end_of_term_comes_to_a_good_end(installed_machine: Machine) -> None:
    """Both ways of the page: the home is removed, or moved away. The next account gets the number, then comes a new
    one of the name.
    """
    machine = installed_machine
    page = (CHECKOUT / "docs/how-to/people.md").read_text()
    remove = re.search(r"^(deluser --remove-home grace)$", page, re.MULTILINE)
    keep = re.search(r"^deluser grace\n(?:(?!```).+\n)+", page, re.MULTILINE)
    assert remove
    assert keep
    password = installed.PERSON_PASSWORD
    for number, commands in enumerate((remove[1], keep[0])):
        with at_work(machine, "grace", password) as (former, token):
            machine.run(commands)
            assert opens(machine, former, token) == NOTHING
            assert ends(machine, "grace")
            password = f"cobol-{number}"
            installed.add_person(machine, f"next{number}", "next-1")
            installed.add_person(machine, "grace", password)
            assert opens(machine, former, token) == NOTHING
        for name, word in ((f"next{number}", "next-1"), ("grace", password)):
            with logged_in(machine, name, word) as person:
                person.start_server()
                uid = machine.run(f"id --user {name}").out.strip()
                assert person.run_cell(WHO) == f"{uid} /home/{name}\n"
    assert "grace" not in machine.run("stat -c %U /srv/old-homes/grace").out


def test_a_home_that_was_left_and_is_the_next_ones_is_said(installed_machine: Machine) -> None:
    machine = installed_machine
    create(machine, "iris", "--uid=3500")
    machine.run("userdel iris")
    create(machine, "kurt", "--uid=3500")
    with logged_in(machine, "iris", create(machine, "iris", "--uid=3501")) as iris:
        assert WHOSE.format("/home/iris", "kurt", "iris") in refusal(iris)
        machine.run("chmod 0700 /home/iris")
        assert WHOSE.format("/home/iris", "kurt", "iris") in refusal(iris), "as adduser makes homes"
        machine.run("chown root: /home/iris")
        assert WHOSE.format("/home/iris", "root", "iris") in refusal(iris)
        machine.run("chown root:iris /home/iris; chmod 2770 /home/iris")
        iris.start_server()
        assert iris.run_cell(WHO) == "3501 /home/iris\n", "a home that one can write to can be used, whosever it is"


def test_what_ends_does_so_without_a_visit_and_for_good(installed_machine: Machine) -> None:
    """The account comes back with its number: nothing tells the new person from the former one any more."""
    machine = installed_machine
    with at_work(machine, "vera", create(machine, "vera", "--uid=3600")) as (former, token):
        machine.run("userdel --force vera")
        assert ends(machine, "vera")
        password = create(machine, "vera", "--uid=3600")
        assert opens(machine, former, token) == NOTHING
        with logged_in(machine, "vera", password) as new:
            new.start_server()
            assert new.run_cell(WHO) == "3600 /home/vera\n"


def test_a_number_that_changes_while_the_hub_is_stopped_or_by_usermod(installed_machine: Machine) -> None:
    """The same person with another number logs in again."""
    machine = installed_machine
    password = create(machine, "nora", "--uid=3700")
    with at_work(machine, "nora", password) as (nora, token):
        machine.run("hubinstall stop jupyterhub")
        hers = installed.container("nora")
        # usermod refuses the account of a running process; a container's counts where it is seen.
        machine.run(f"docker stop {hers}; usermod --uid 3701 nora; docker start {hers}")
        machine.run("hubinstall start jupyterhub")
        installed.wait_for_login_page(machine)
        assert opens(machine, nora, token) == NOTHING
        assert ends(machine, "nora")
    with logged_in(machine, "nora", password) as again:
        again.start_server()
        assert again.run_cell(WHO) == "3701 /home/nora\n"


ODD = ["root", "%F0%9F%98%80", "a%2Fb", "gh%0Aost", "%25s", "x" * 300, "%22%3E%3Cb%3E"]


def test_users_without_an_account_are_refused_in_words(installed_machine: Machine) -> None:
    machine = installed_machine
    with ExitStack() as stack:
        ada = stack.enter_context(logged_in(machine, installed.ADMIN, installed.ADMIN_PASSWORD))

        def answer(method: str, path: str, body: object = None) -> str:
            response = ada.fetch(method, f"hub/api/users{path}", step="users", json=body)
            return f"{response.status_code} {response.json()['message']}"

        ada.fetch("POST", f"hub/api/users/{installed.PERSON}", step="users")  # 409 if it was there
        listed = {user["name"] for user in ada.api("GET", "users")}
        assert {installed.ADMIN, installed.PERSON} <= listed
        assert layout.PROBE_USER not in listed
        assert answer("POST", "/ghost") == "400 There is no account ghost on this machine."
        assert answer("POST", "/ghost/server").startswith("404")
        assert answer("POST", "", {"usernames": [installed.PERSON, "ghost", "root"]}) == (
            "400 There is no account ghost on this machine. "
            "root is a system account. Log in with your personal account."
        )
        assert {answer("POST", f"/{name}")[:4] for name in ODD} == {"400 "}
        bodies = [[5], "ghost", {"a": 1}, [None], [["x"]], ["a\0b"], [""], [], None]
        assert {answer("POST", "", {"usernames": names})[:4] for names in bodies} == {"400 "}
        create(machine, "hugo")
        assert ada.fetch("POST", "hub/api/users/hugo", step="users").status_code == 201
        assert answer("PATCH", "/hugo", {"name": "ghost"}).startswith("400 hugo is the name of an account")
        same = ada.fetch("PATCH", "hub/api/users/hugo", step="users", json={"name": "hugo"})
        assert same.json()["name"] == "hugo"
        machine.run("userdel hugo")
        assert answer("POST", "/hugo/server") == "403 There is no account hugo on this machine."


LIMITS = (
    "limits.memory 500M limits.users.olga.memory 400M limits.groups.projects '{memory: 600M, servers: 1}'"
    " limits.groups.gpus '{memory: 550M, cpu: 1.5}'"
)
MIB = 1 << 20


def limits(machine: Machine, name: str) -> tuple[int, float]:
    """Of a running server: MiB, which the kernel says, too, and cores."""
    config = json.loads(machine.run(["docker", "inspect", "--format", "{{json .HostConfig}}", name]).out)
    assert memory.limit(machine, memory.group(machine, name)) == config["Memory"] == config["MemorySwap"]
    return config["Memory"] // MIB, config["CpuQuota"] / config["CpuPeriod"]


def test_a_server_has_its_owners_limits_whoever_starts_it(installed_machine: Machine) -> None:
    """By the form, by the API with options that ask for more, and by an administrator. The most generous group counts
    for each key, and a line of one's own before both.
    """
    machine = installed_machine
    machine.run("groupadd projects; groupadd gpus")
    passwords = {name: create(machine, name, "--groups=projects,gpus") for name in ("otto", "olga")}
    machine.run(f"hubinstall config set {LIMITS} --apply")
    ottos, olgas = installed.container("otto"), installed.container("olga")
    with ExitStack() as stack:
        ada = stack.enter_context(logged_in(machine, installed.ADMIN, installed.ADMIN_PASSWORD))
        otto = stack.enter_context(logged_in(machine, "otto", passwords["otto"]))
        olga = stack.enter_context(logged_in(machine, "olga", passwords["olga"]))
        more = {"mem_limit": "4G", "cpu_limit": 64, "limits": {"memory": "4G"}, "spawner_override": {"mem_limit": "4G"}}
        forged = otto.fetch("POST", "hub/api/users/otto/server", step="forged", json=more)
        assert (forged.status_code, "has no option" in forged.json()["message"]) == (400, True)
        page = {"_xsrf": otto.cookies_for("hub/spawn").partition("_xsrf=")[2].partition(";")[0], "mem_limit": "4G"}
        otto.request("POST", "hub/spawn/otto", step="form", data=page)
        otto.start_server()
        assert limits(machine, ottos) == (600, 1.5)
        ada.api("POST", "users/olga/server")
        olga.start_server()
        assert limits(machine, olgas) == (400, 1.5)
        seen = {one["person"]: one for one in json.loads(machine.run("hubinstall top --json").out)["servers"]}
        assert layout.PROBE_USER not in seen
        assert [seen[name]["memory_limit"] // MIB for name in ("otto", "olga")] == [600, 400]
        for one in (seen["otto"], seen["olga"]):
            assert (one["state"], one["server"], one["home"]) == ("ready", "", None)
            assert 20 * MIB < one["memory"] < one["memory_limit"]
            assert 0 < one["started"] <= one["last_activity"] + 60
        made = [ada.fetch("POST", f"hub/api/users/otto/servers/{name}", step="named") for name in ("one", "two")]
        assert [answer.status_code for answer in made] == [made[0].status_code, 403]
        assert made[0].status_code in {201, 202}
        assert "otto has 1 server with names already" in made[1].json()["message"]
        none = ada.fetch("POST", f"hub/api/users/{installed.ADMIN}/servers/one", step="named")
        assert (none.status_code, "can have no servers with names" in none.json()["message"]) == (403, True)
        machine.run("gpasswd --delete otto projects")
        otto.stop_server()
        otto.start_server()
        assert limits(machine, ottos) == (550, 1.5), "without an apply, at the next start"
