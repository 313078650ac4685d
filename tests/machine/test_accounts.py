"""Accounts as machines have them: names, numbers and homes of all kinds, and a correct password that PAM does not
accept.
"""

import html
import json
from dataclasses import dataclass

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError

pytestmark = pytest.mark.one_kind

PASSWORD = "sextant-1730"
NAMES = ("max.muster", "Lisa", "3peter", "dora")
ODD = ("Müller (extern)", "o'neil", "Lisa", "3peter")
"""Names that useradd takes with --badname at most."""


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    """The installed machine, with accounts as other installations name them."""
    for name in dict.fromkeys((*NAMES, *ODD)):
        installed_machine.run(["useradd", "--badname", "-m", "-K", "HOME_MODE=0700", "-s", "/bin/bash", name])
        set_password(installed_machine, name)
    return installed_machine


def set_password(machine: Machine, name: str) -> None:
    machine.run(["chpasswd"], stdin=f"{name}:{PASSWORD}\n".encode())


def refused(machine: Machine, name: str, password: str = PASSWORD) -> str:
    with installed.client(machine) as client, pytest.raises(HubError) as error:
        client.login(name, password)
    return str(error.value)


def test_every_name_that_logs_in_can_be_an_administrator_or_banned(machine: Machine) -> None:
    machine.run("hubinstall config add-item users.admin max.muster")
    machine.run("hubinstall config add-item users.banned 3peter")
    machine.run("hubinstall config add-item users.banned Lisa --apply")
    for name in ("Lisa", "3peter"):
        assert f"{name} is not allowed to use this hub" in refused(machine, name)
    with installed.client(machine) as client:
        client.login("max.muster", PASSWORD)
        assert installed.status(client, "hub/admin") == 200
        client.start_server()
        assert client.run_cell("import getpass, os; print(getpass.getuser(), os.getcwd())") == (
            "max.muster /home/max.muster\n"
        )
        client.stop_server()


def test_odd_names_log_in_and_work_when_they_are_listed_and_do_not_when_they_are_banned(machine: Machine) -> None:
    names = json.dumps(ODD, ensure_ascii=False)
    machine.run("hubinstall config unset users.banned", check=False)  # of the test before, if that ran
    machine.run(["hubinstall", "config", "set", "users.allow_all", "false", "users.allowed", names, "--apply"])
    for name in ODD:
        with installed.client(machine) as client:
            client.login(name, PASSWORD)
            client.start_server()
            assert (
                client.run_cell("import getpass, os; print(getpass.getuser(), os.getcwd())") == f"{name} /home/{name}\n"
            )
            client.stop_server()
    assert "is not on the list of people" in refused(machine, "dora")
    everybody = ["users.allow_all", "true", "users.allowed", "[]"]
    machine.run(["hubinstall", "config", "set", *everybody, "users.banned", names, "--apply"])
    for name in ODD:
        assert f"{name} is not allowed to use this hub" in html.unescape(refused(machine, name))
    machine.run("hubinstall config unset users.allowed && hubinstall config unset users.allow_all")
    machine.run("hubinstall config unset users.banned --apply")


def test_a_name_without_an_account_is_a_warning(machine: Machine) -> None:
    machine.run("hubinstall config set users.banned [lizzy]")
    words = "there is no account lizzy on this machine, so that it bans nobody"
    for command in ("hubinstall plan", "hubinstall apply", "hubinstall status"):
        ended = machine.run(command, check=False)
        assert words in " ".join(f"{ended.out} {ended.err}".split()), ended
    machine.run("hubinstall config unset users.banned --apply")
    machine.run("hubinstall config add-item users.admin Zoe")
    ended = machine.run("hubinstall apply", check=False)
    assert ended.code == 78
    assert "there is no account Zoe, and none is created with such a name" in ended.err
    assert "try zoe" in ended.err
    machine.run("hubinstall config remove-item users.admin Zoe --apply")


def test_numbers_and_homes_from_elsewhere(machine: Machine) -> None:
    """As directory services number people, and old servers and appliances place homes."""
    machine.run("mkdir -p /srv/people && groupadd -f crowd && for n in $(seq 300); do groupadd -f team$n; done")
    teams = ",".join(f"team{number}" for number in range(1, 301))
    for name, more in {
        "far": "-u 1203801104 -d /srv/people/far/",
        "untidy": "-d /srv//people/./untidy",
        "member": f"-d /srv/people/member -G {teams}",
        "office": "-M -d /srv/people",
    }.items():
        machine.run(f"useradd {'' if '-M' in more else '-m'} -K HOME_MODE=0700 -K UID_MAX=2000000000 {more} {name}")
        set_password(machine, name)
    for name in ("far", "untidy", "member"):
        with installed.client(machine) as client:
            client.login(name, PASSWORD)
            client.start_server()
            assert client.run_cell("import os; print(os.getcwd())") == f"/srv/people/{name}\n"
            client.stop_server()
    machine.run("chown office: /srv/people")
    said = " ".join(machine.run("hubinstall status", check=False).out.split())
    assert "/srv/people is the home of office and contains the homes of far, untidy, member" in said
    with installed.client(machine) as client:
        client.login("far", PASSWORD)
        with pytest.raises(HubError, match="inside /srv/people, the home of office"):
            client.start_server()
    machine.run("userdel office && chown root: /srv/people")


@dataclass(frozen=True)
class Closed:
    """Why PAM does not accept a correct password: made by `close`, ended by `open`."""

    close: str
    open: str
    words: str


COMMON = "/etc/pam.d/common-account"
CLOSED = {
    "must be changed": Closed("chage -d 0 dora", "chage -d -1 dora", "must be changed first"),
    "too old": Closed("chage -d 2020-01-01 -M 30 -I 30 dora", "chage -d -1 -M -1 -I -1 dora", "expired"),
    "ended": Closed("chage -E 2020-01-01 dora", "chage -E -1 dora", "expired"),
    "closed hours": Closed(
        f"cp {COMMON} {COMMON}.kept && echo 'account required pam_time.so' >>{COMMON}"
        " && echo '*;*;dora;!Al0000-2400' >>/etc/security/time.conf",
        f"mv {COMMON}.kept {COMMON}", "Ask the administrator",
    ),
    "nologin": Closed("echo 'Back at nine.' >/etc/nologin", "rm /etc/nologin", "Back at nine."),
}  # fmt: skip


@pytest.mark.parametrize("reason", CLOSED)
def test_a_correct_password_that_is_not_accepted_is_told_why(machine: Machine, reason: str) -> None:
    closed = CLOSED[reason]
    wrong = refused(machine, "dora", "wrong")
    machine.run(closed.close)
    try:
        told = " ".join(refused(machine, "dora").split())
        assert "password is right" in told
        assert closed.words in told
        assert refused(machine, "dora", "wrong") == wrong, "nothing is told without the correct password"
    finally:
        machine.run(closed.open)
    with installed.client(machine) as client:
        client.login("dora", PASSWORD)
