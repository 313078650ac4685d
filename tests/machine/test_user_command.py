"""`hubinstall user` on a real machine: people come, are removed, come back, and are purged."""

import json
import time

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall import layout

pytestmark = pytest.mark.one_kind

WHO = "import os; print(os.getuid(), os.environ['HOME'])"
TRASH = f"{layout.HOMES}/{layout.REMOVED_HOMES}"


def user(machine: Machine, *words: str, stdin: str = "") -> str:
    """What `hubinstall user …` prints on both channels."""
    said = machine.run(["hubinstall", "user", *words], stdin=stdin.encode())
    return said.out + said.err


def listed(machine: Machine) -> dict[str, dict[str, str]]:
    return {one["name"]: one for one in json.loads(machine.run(["hubinstall", "user", "list", "--json"]).out)["people"]}


def uid(machine: Machine, name: str) -> str:
    return machine.run(["id", "--user", name]).out.strip()


def test_from_the_first_password_to_the_trash(installed_machine: Machine) -> None:
    machine = installed_machine
    password = user(machine, "add", "lise", "--full-name", "Lise Meitner").split(" password ")[1].split()[0]
    number = uid(machine, "lise")
    assert machine.run("getent passwd lise").out.strip().endswith(":Lise Meitner:/home/lise:/usr/sbin/nologin")
    assert machine.run("stat --format '%a %U' /home/lise").out == "700 lise\n"
    assert layout.NO_LOGIN_GROUP in machine.run("id --name --groups lise").out.split()
    assert installed.plan(machine) == [], "such an account is no difference"
    with installed.client(machine) as lise:
        lise.login("lise", password)
        lise.start_server()
        assert lise.run_cell(WHO) == f"{number} /home/lise\n"
        assert listed(machine)["lise"]["last_seen"].startswith("20")

        begin = time.monotonic()
        user(machine, "remove", "lise")
        assert time.monotonic() - begin < 60
        running = machine.run("docker ps --all --format '{{.Names}}'").out.split()
        assert installed.container("lise") not in running, "it has waited until the server has ended"
        assert not lise.request("GET", "hub/home", step="session").url.path.endswith("/hub/home")
    assert listed(machine)["lise"]["state"] == "removed"

    user(machine, "add", "lise", "--password-stdin", stdin="uranium-1938\n")
    assert uid(machine, "lise") == number
    with installed.client(machine) as lise:
        lise.login("lise", "uranium-1938")
        lise.start_server()
        lise.run_cell("open('thesis', 'w').write('1')")
        user(machine, "remove", "lise", "--purge")
    [trash] = machine.run(["find", TRASH, "-name", "thesis", "-printf", "%h %U\n"]).out.splitlines()
    assert trash.endswith(f"-lise-{number} {number}")
    assert machine.run(["stat", "--format", "%a %U", TRASH]).out == "700 root\n"
    assert machine.run("getent passwd lise", check=False).code == 2
    user(machine, "add", "lise")
    installed.add_person(machine, "next", "next-1905")
    assert number not in {uid(machine, "lise"), uid(machine, "next")}
    assert installed.plan(machine) == []


def test_passwords_and_those_who_must_stay(installed_machine: Machine) -> None:
    machine = installed_machine
    installed.add_person(machine)
    user(machine, "passwd", "grace", "--stdin", stdin="another-1960\n")
    with installed.client(machine) as grace:
        grace.login("grace", "another-1960")
    machine.run(["chpasswd"], stdin=f"grace:{installed.PERSON_PASSWORD}\n".encode())
    refused = {
        ("passwd", "grace", "--stdin"): "needs 8",
        ("passwd", "root", "--generate"): "system account",
        ("remove", "ada"): "last administrator",
        ("remove", layout.PROBE_USER): "system account",
        ("add", "ina", "--group", "docker"): "a group of the system",
        ("add", "Ina"): "try ina",
    }
    for words, message in refused.items():
        said = machine.run(["hubinstall", "user", *words], stdin=b"short\n", check=False)
        assert said.code, words
        assert message in said.err.lower(), words
    said = machine.run(["hubinstall", "apply", "--admin", "ina:short"], check=False)
    assert said.code == 2
    assert "needs 8" in said.err
    assert machine.run("getent passwd ina", check=False).code == 2
    assert installed.plan(machine) == []
