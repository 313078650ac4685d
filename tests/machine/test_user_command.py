"""`hubinstall user` on a real machine: people come alone or as a class, are removed, come back, and are purged."""

import csv
import io
import json
import re
import time

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import LONG
from hubinstall import layout
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import PAGE

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

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

        user(machine, "remove", "lise")
        running = machine.run("docker ps --format '{{.Names}}'").out.split()
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


TRAPS = [
    'Grace.H;"Hopper, Grace";grace@example.org;',  # capitals and a dot
    "  mueller ; Jörg Müller ;;",  # spaces around
    ";Åsa Öberg;;users",  # no name: one is proposed
    "max@example.org;Max;;",  # an address instead of a name
    "mueller;Jörg Müller;;",  # twice the same
    "grace;Grace Hopper;;",  # has an account already
    "",
    ";;;",
]
"""Lines of a list as people write it; four of them are new people."""


def test_a_class_of_a_hundred_from_a_spreadsheet(installed_machine: Machine) -> None:
    """Killed in the middle, and run again."""
    machine = installed_machine
    installed.add_person(machine)
    before = set(listed(machine))
    lines = ["Name;Full name;E-Mail;Group", *TRAPS, *(f"s{number:02};Student {number};;" for number in range(96))]
    machine.write("/root/class.csv", "\ufeff".encode() + "\r\n".join(lines).encode())  # no end of the last line
    refused = machine.run("hubinstall user import /root/class.csv", check=False)
    assert refused.code == 2
    assert "class.csv:4: wrong: Åsa Öberg has no account name; try asa.oeberg" in refused.out
    assert set(listed(machine)) == before, "nothing was changed"

    command = "hubinstall user import --accept-names /root/class.csv"
    begin = time.monotonic()
    machine.run(f"timeout --signal KILL 6 {command}", check=False)
    killed, between = time.monotonic() - begin, len(listed(machine)) - len(before)
    begin = time.monotonic()
    told = machine.run(["bash", "-c", f"TIMEFORMAT='%U %S'; time {command}"])
    seconds, worked = killed + time.monotonic() - begin, sum(map(float, told.err.splitlines()[-1].split()))
    print(
        f"100 accounts: {between} in {killed:.1f} s until the kill, all in {seconds:.1f} s, {worked:.1f} of a processor"
    )
    assert worked < 15 * machine.pace, "of a processor, of which it takes three"
    assert seconds < LONG * machine.pace, "half a minute, also on a test host that does twenty other things"
    new = set(listed(machine)) - before
    assert len(new) == 100
    assert {"grace.h", "mueller", "asa.oeberg", "max"} <= new
    assert all(listed(machine)[name]["home_state"] == "ok" for name in new)
    sheet = machine.run(f"cat {layout.PEOPLE_SHEETS}/*.csv").out
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(sheet))}
    assert set(rows) == new, f"nobody without a password, and nobody twice: {told.err}"
    assert machine.run(f"stat --format %a {layout.PEOPLE_SHEETS} {layout.PEOPLE_SHEETS}/*").out.split() == [
        "700", "600", "600",
    ]  # fmt: skip
    again = machine.run(command)
    assert "everyone in the file has an account" in again.err
    with installed.client(machine) as student:
        student.login("asa.oeberg", rows["asa.oeberg"]["password"])
    assert installed.plan(machine) == []


FIELDS = re.compile(r'name="(_xsrf|token)" value="([^"]*)"')


def invitations(machine: Machine, *names: str) -> dict[str, str]:
    """Account → its new link, as root is shown it."""
    printed = machine.run(["hubinstall", "user", "invite", *names]).out
    return dict(line.strip().split(": ") for line in printed.splitlines())


def opened(link: str) -> httpx.Client:
    """A browser of somebody who has the link, and nothing else."""
    return httpx.Client(verify=False, base_url=link, follow_redirects=True, headers=PAGE)


def use(link: str, new: str) -> httpx.Response:
    """Open the link, and send the form that is there."""
    with opened(link) as browser:
        page = browser.get(link)
        if page.status_code != 200:
            return page
        assert page.headers["Referrer-Policy"] == "no-referrer"
        form = {**dict(FIELDS.findall(page.text)), "new": new, "again": new}
        return browser.post(link.partition("?")[0], data=form)


def test_one_time_links_of_root_and_of_a_teacher(installed_machine: Machine) -> None:
    """All on one machine, whose logs are looked through at the end."""
    machine = installed_machine
    used = [*links_of_root(machine), link_of_a_teacher(machine), link_of_a_class(machine)]
    secrets = [link.partition("=")[2] for link in used]
    assert [len(secret) for secret in secrets] == [28] * 6
    logs = machine.run(f"cat /var/log/nginx/*; cat {layout.LOGS}/*; journalctl --no-pager || true").out
    assert "first-password?token=[secret]" in logs
    assert [secret for secret in secrets if secret in logs] == []
    assert machine.run(f"stat --format %a {layout.LINKS}").out == "700\n"
    assert installed.plan(machine) == []


def links_of_root(machine: Machine) -> list[str]:
    """When they end, and who gets none."""
    invited = invitations(machine, "grace", "lise")
    assert use(invited["lise"], "short").status_code == 400
    assert all(listed(machine)[name]["link_until"] for name in ("grace", "lise"))
    assert 'id="set"' in use(invited["lise"], "uranium-1938").text
    assert use(invited["lise"], "again-1938-x").status_code == 404, "it works once"
    with installed.client(machine) as lise:
        lise.login("lise", "uranium-1938")
    user(machine, "passwd", "grace", "--stdin", stdin="another-1960\n")
    assert use(invited["grace"], "by-the-link-1").status_code == 404, "root has set another one"
    assert [listed(machine)[name]["link_until"] for name in ("grace", "lise")] == ["", ""]
    links = [invitations(machine, "lise")["lise"] for _ in range(2)]
    assert [opened(link).get(link).status_code for link in links] == [404, 200]
    user(machine, "remove", "lise")
    assert opened(links[1]).get(links[1]).status_code == 404
    machine.run(["usermod", "--append", "--groups", "sudo", "grace"])
    refused = machine.run(["hubinstall", "user", "invite", "ina", "grace"], check=False)
    assert refused.code
    assert "gets no link" in refused.err
    assert machine.run("getent passwd ina", check=False).code == 2, "nothing was made"
    machine.run(["gpasswd", "--delete", "grace", "sudo"])
    return [*invited.values(), *links]


def link_of_a_teacher(machine: Machine) -> str:
    """For a student, and not for a colleague; and the student is banned by a group in the end."""
    installed.add_person(machine, "prof", "noether-1918")
    installed.add_person(machine, "assistant", "hilbert-1900")
    machine.run("groupadd course-101; for name in grace assistant; do gpasswd --add $name course-101; done")
    machine.run("groupadd suspended")
    told = "teachers.course-101 '[prof, assistant]' users.banned_groups [suspended]"
    machine.run(f"hubinstall config set {told} --apply", timeout=300)

    def reset(person: str, *, password: str) -> httpx.Response:
        page = prof.request("GET", "hub/reset-password", step="page", headers=PAGE).text
        form = {**dict(FIELDS.findall(page)), "person": person, "password": password}
        return prof.request("POST", "hub/reset-password", step="reset", data=form, headers=PAGE)

    with installed.client(machine) as prof:
        prof.login("prof", "noether-1918")
        for person in ("assistant", installed.ADMIN, "prof", "lise", "root", "nobody-here"):
            assert reset(person, password="noether-1918").status_code == 403, person
        assert reset("grace", password="wrong").status_code == 403
        made = reset("grace", password="noether-1918")
        link = made.text.partition('<code id="link">')[2].partition("<")[0]
    assert 'id="set"' in use(link, "by-the-link-1").text
    with installed.client(machine) as grace:
        grace.login("grace", "by-the-link-1")
        assert grace.request("GET", "hub/reset-password", step="page").status_code == 403
        machine.run(["gpasswd", "--add", "grace", "suspended"])
    with installed.client(machine) as banned, pytest.raises(HubError, match="not allowed to use this hub"):
        banned.login("grace", "by-the-link-1")
    return link


def link_of_a_class(machine: Machine) -> str:
    machine.write("/root/invited.csv", b"name;full name\nhedy;Hedy Lamarr\n")
    user(machine, "import", "/root/invited.csv", "--invite")
    [row] = csv.DictReader(io.StringIO(machine.run(f"cat {layout.PEOPLE_SHEETS}/*-invited.csv").out))
    assert "<svg" in machine.run(f"cat {layout.PEOPLE_SHEETS}/*-invited.html").out
    assert 'id="set"' in use(row["link"], "spread-spectrum").text
    with installed.client(machine) as hedy:
        hedy.login("hedy", "spread-spectrum")
    return row["link"]
