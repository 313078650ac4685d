"""`hubinstall user invite`: who gets a one-time link, and when it ends."""

import json
import os
import re
import time

import pytest

from fakes.facts import fake_facts
from fakes.people_machine import GROUP, hubinstall, made
from fakes.shadow_tools import TOOLS
from hubinstall import layout
from hubinstall.accounts_helper import links, shadow
from hubinstall.cli import main, user_invite
from hubinstall.errors import UserError
from hubinstall.machine.host_logins import made_by_command

LINK = re.compile(r"^  (\S+): https://203\.0\.113\.7/hub/first-password\?token=([a-z2-9]{28})$", re.MULTILINE)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(user_invite, "gather", lambda *_: fake_facts(addresses=("203.0.113.7",)))
    monkeypatch.setattr("hubinstall.machine.host_logins.os.environ", {})
    machine = made(tmp_path, monkeypatch)
    machine.put(layout.ACCOUNTS_KEY, "0" * 64)
    return machine


@pytest.fixture
def invite(machine, capsys):
    """Account → what is secret in its link, as it is shown."""

    def run(*words):
        capsys.readouterr()
        hubinstall(machine, "invite", *words)
        told = capsys.readouterr()
        found = dict(LINK.findall(told.out))
        assert len(found) == len(told.out.splitlines()), "nothing else is on standard output"
        assert not [token for token in found.values() if token in told.err + machine.text("/log")]
        return found

    return run


def kept(machine, token):
    return links.find(machine.path(layout.LINKS), token)


def test_a_link_for_an_account_that_is_made_and_has_no_password(machine, invite):
    tokens = invite("grace", "lise", "grace")
    assert list(tokens) == ["grace", "lise"]
    assert machine.shadow.passwords == {}
    assert machine.line("grace")[1] == "!"
    assert machine.members(GROUP) == "grace,lise"
    assert made_by_command(machine) == {"grace", "lise"}
    link = kept(machine, tokens["grace"])
    assert (link.name, link.uid) == ("grace", 1001)
    assert link.fingerprint == shadow.parsed(":".join(machine.line("grace")), b"0" * 64, 20000).fingerprint
    assert 6.9 < (link.until - time.time()) / 86400 <= 7
    assert machine.stat(layout.LINKS).mode == "0700"


def test_an_account_that_exists_keeps_its_password_until_then(machine, invite):
    hubinstall(machine, "add", "grace")
    before = machine.text("/etc/passwd"), machine.text("/etc/shadow")
    tokens = invite("grace", "--days", "2")
    assert before == (machine.text("/etc/passwd"), machine.text("/etc/shadow"))
    assert (kept(machine, tokens["grace"]).until - time.time()) / 86400 <= 2


def test_who_was_removed_comes_back_with_the_old_number_and_without_the_old_password(machine, invite):
    hubinstall(machine, "add", "grace")
    hubinstall(machine, "remove", "grace")
    token = invite("grace")["grace"]
    assert machine.line("grace")[1] == "!"
    assert machine.line("grace")[7] == ""
    assert kept(machine, token).uid == 1001


def test_the_list_says_until_when_a_link_is_good_and_never_what_is_secret_in_it(machine, invite, capsys):
    def shown(*words):
        capsys.readouterr()
        hubinstall(machine, "list", *words)
        return capsys.readouterr().out

    hubinstall(machine, "add", "emmy")
    assert "LINK" not in shown(), "no column that is empty for everybody"
    tokens = invite("grace", "lise", "--days", "2")
    until = time.strftime("%Y-%m-%d %H:%M", time.gmtime(kept(machine, tokens["lise"]).until))
    rows = {one["name"]: one["link_until"] for one in json.loads(shown("--json"))["people"]}
    assert rows == dict.fromkeys(rows, "") | {"grace": until, "lise": until}
    assert "LINK UNTIL (UTC)" in shown()
    assert until in shown()
    assert not [token for token in tokens.values() if token in shown() + shown("--json")]
    machine.shadow.chpasswd([], "grace:cobol-1959\n")
    hubinstall(machine, "remove", "lise")
    assert "LINK" not in shown(), "one has another password by now, and the other is locked"


@pytest.mark.parametrize("verb", [("invite", "grace"), ("passwd", "grace", "--generate"), ("remove", "grace")])
def test_when_a_link_ends(machine, invite, verb):
    tokens = invite("grace", "lise")
    machine.shadow.chpasswd([], "grace:cobol-1959\n")  # or passwd would say that there is none
    hubinstall(machine, *verb)
    assert kept(machine, tokens["grace"]) is None
    assert kept(machine, tokens["lise"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("root", "system account"), ("www-data", "system account"), ("Ina", "cannot be the name of a new account"),
        ("sue", "administers this machine itself"), ("dora", "administers this machine itself"),
        ("course", "there is a group course already"), ("locked", "is locked"), (layout.PROBE_USER, "system account"),
    ],
)  # fmt: skip
def test_one_name_that_cannot_have_a_link_and_nothing_is_made(machine, invite, name, message):
    for person in ("sue", "dora", "locked"):
        hubinstall(machine, "add", person)
    machine.shadow.joins("sue", "sudo")
    machine.shadow.joins("dora", "docker")
    machine.shadow.usermod(["--lock", "locked"], "")
    if name == layout.PROBE_USER:
        machine.put("/etc/passwd", machine.text("/etc/passwd") + f"{name}:x:998:998::/:/bin/sh\n")
    machine.commands.clear()
    with pytest.raises(UserError, match=message):
        hubinstall(machine, "invite", "grace", name)
    assert machine.row("grace") is None
    assert not [one for one in machine.commands if one.startswith(TOOLS)]
    assert not machine.exists(layout.LINKS)


def test_where_people_have_no_passwords_there_are_no_links(machine):
    oidc = {"issuer": "https://login.example.org", "client_id": "hub", "client_secret_file": "/etc/secret"}
    machine.put(layout.CONFIG_FILE, json.dumps({"users": {"admin": ["alice"]}, "auth": {"type": "oidc", "oidc": oidc}}))
    with pytest.raises(UserError, match=r"auth.type: oidc"):
        hubinstall(machine, "invite", "grace")


def test_who_may_not_come_in_yet_is_said(machine, capsys):
    machine.put(layout.CONFIG_FILE, "users: {admin: [alice], allow_all: false}\n")
    hubinstall(machine, "invite", "grace")
    assert "hubinstall config add-item users.allowed grace --apply" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["0", "91", "-1", "x", "1.5", "²"])
def test_days(machine, days, capsys):
    with pytest.raises(SystemExit):
        main.parser().parse_args(["user", "invite", "grace", "--days", days])
    assert "from 1 to 90" in capsys.readouterr().err or days == "-1"


def test_a_sheet_with_qr_codes_beside(machine, invite):
    machine.path("/root").mkdir()
    hubinstall(machine, "add", "grace", "--full-name", "Grace <Hopper>")
    tokens = invite("grace", "lise", "--sheet-folder", layout.PEOPLE_SHEETS)
    table, page = (machine.text(f"{layout.PEOPLE_SHEETS}/{name}") for name in machine.names(layout.PEOPLE_SHEETS))
    assert all(token in table and token in page for token in tokens.values())
    assert page.count("<svg") == 2
    assert "Grace &lt;Hopper&gt;" in page
    with pytest.raises(UserError, match="only root can write"):
        hubinstall(machine, "invite", "ina", "--sheet-folder", "/nonexistent")
    assert machine.row("ina") is None


def test_links_whose_time_is_over_are_deleted_with_the_next(machine, invite):
    invite("grace")
    folder = machine.path(layout.LINKS)
    [path] = folder.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"until": 1}))
    (folder / ".left").write_text("half")
    assert links.pending(folder) == {}
    token = invite("lise")["lise"]
    assert len(os.listdir(folder)) == 1
    assert kept(machine, token).name == "lise"
    assert list(links.pending(folder)) == ["lise"]
