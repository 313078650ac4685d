"""Accounts that hubinstall has made are for the hub only; those of others, and of administrators, stay as they are."""

import json

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost, seen
from fakes.shadow_tools import TOOLS, Shadow
from hubinstall import layout
from hubinstall.blueprint.accounts import SSHD, accounts
from hubinstall.errors import UserError
from hubinstall.machine import host_logins as doors
from hubinstall.resources.accounts.account import NOLOGIN, Person
from hubinstall.resources.accounts.host_logins import NoHostLogins, SshdDropIn
from hubinstall.settings.model import Settings
from hubinstall.verify.host_logins import host_logins

GROUP = layout.NO_LOGIN_GROUP
CLOSED = NoHostLogins(GROUP, people=("alice", "bob"))
DROPIN = SshdDropIn(layout.SSHD_DROPIN, SSHD)


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Bob's account was made by hubinstall before it closed any; alice's was there."""
    monkeypatch.delenv("SUDO_USER", raising=False)
    host = FakeHost(tmp_path)
    host.answers |= dict.fromkeys(TOOLS, Shadow(host))
    for folder in (layout.STATE, layout.SECRETS):
        host.mkdir(folder)
    host.put("/etc/passwd", host.text("/etc/passwd") + "bob:x:1001:1001::/home/bob:/bin/bash\n")
    host.put("/etc/group", host.text("/etc/group") + "bob:x:1001:\nsudo:x:27:\n")
    host.put(layout.SSHD_CONFIG, "")
    entry = {"kind": "person", "adopted": False, "fields": {"name": "bob"}}
    adopted = {"kind": "person", "adopted": True, "fields": {"name": "alice"}}
    host.put(layout.LEDGER, json.dumps({"resources": {"person:bob": entry, "person:alice": adopted}}))
    return host


def settle(host, resource=CLOSED):
    if change := seen(resource, host):
        resource.apply(host, change)
    return seen(resource, host)


def row(host, name):
    [found] = [line.split(":") for line in host.text("/etc/passwd").splitlines() if line.startswith(f"{name}:")]
    inside = name in next(line for line in host.text("/etc/group").splitlines() if line.startswith(f"{GROUP}:"))
    return found[6], inside


def test_an_account_of_ours_is_closed_with_a_notice_and_one_that_was_there_is_not(host):
    assert seen(CLOSED, host).verb == "create"
    assert settle(host) is None
    assert row(host, "bob") == (NOLOGIN, True)
    assert row(host, "alice") == ("/bin/bash", False)
    [notice] = host.notices
    assert notice.startswith("bob has an account that hubinstall made")
    assert "users.shell: true" in notice


def test_a_new_account_is_closed_from_the_beginning_and_without_a_notice(host):
    host.put("/etc/passwd", host.text("/etc/passwd").replace("bob:x:1001:1001::/home/bob:/bin/bash\n", ""))
    host.put("/etc/group", host.text("/etc/group").replace("bob:x:1001:\n", ""))
    assert settle(host, Person("bob", shell=NOLOGIN)) is None
    assert settle(host) is None
    assert row(host, "bob") == (NOLOGIN, True)
    assert host.notices == []


SUDO = {
    "group": lambda host: host.put("/etc/group", host.text("/etc/group").replace("sudo:x:27:", "sudo:x:27:bob")),
    "rule": lambda host: host.put("/etc/sudoers.d/ops", "Defaults !x\nalice, bob ALL = (ALL:ALL) \\\n NOPASSWD: ALL\n"),
    "alias": lambda host: host.put("/etc/sudoers", "# bob\nUser_Alias OPS = bob, %team\nOPS ALL=(ALL) ALL\n"),
    "group of a rule": lambda host: host.put("/etc/sudoers", "%bob ALL=(ALL) ALL\n"),
    "everybody": lambda host: host.put("/etc/sudoers", "ALL ALL=(ALL) ALL\n"),
    "is logged in": lambda host: host.put("/proc/self/loginuid", "1001"),
}


@pytest.mark.parametrize("how", SUDO)
def test_who_has_sudo_is_never_closed_and_is_let_out_again(host, how):
    assert settle(host) is None
    SUDO[how](host)
    assert seen(CLOSED, host).keys == ["closed in error"]
    assert settle(host) is None
    assert row(host, "bob") == ("/bin/bash", False)


def test_who_has_become_root_by_sudo_is_never_closed(host, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "bob")
    assert settle(host) is None
    assert row(host, "bob") == ("/bin/bash", False)


@pytest.mark.parametrize(
    "rules", ["# bob ALL=(ALL) ALL\n", "Defaults:bob !x\n", "@includedir /etc/bob\n", "x ALL=bob\n"]
)
def test_what_gives_nobody_sudo(host, rules):
    host.put("/etc/sudoers", rules)
    assert "bob" not in doors.administrators(host)


def test_a_shell_that_was_given_by_hand_is_taken_again(host):
    settle(host)
    host.put("/etc/passwd", host.text("/etc/passwd").replace(f"/home/bob:{NOLOGIN}", "/home/bob:/bin/zsh"))
    assert seen(CLOSED, host).keys == ["open"]
    assert settle(host) is None


def test_who_wants_shells_gets_them_and_others_in_the_group_do_not(host):
    settle(host)
    host.put("/etc/group", host.text("/etc/group").replace(":bob\n", ":bob,alice\n"))
    assert settle(host, NoHostLogins(GROUP, people=("alice", "bob"), closed=False)) is None
    assert row(host, "bob") == ("/bin/bash", False)
    assert row(host, "alice") == ("/bin/bash", True)


def test_somebody_of_a_directory_who_has_sudo_is_let_out_of_the_group(host):
    settle(host)
    host.put("/etc/group", host.text("/etc/group").replace(":bob\n", ":bob,carol\n").replace("27:", "27:carol"))
    assert settle(host) is None
    assert "carol" not in doors.members(host, GROUP)


def test_a_removal_gives_the_shells_back_also_twice(host):
    settle(host)
    CLOSED.remove(host)
    host.forget()
    CLOSED.remove(host)
    assert GROUP not in host.text("/etc/group")
    assert "/home/bob:/bin/bash" in host.text("/etc/passwd")


@pytest.mark.parametrize("text", ["{", "[]", '{"resources": {"x": {}}}', ""])
def test_without_a_readable_ledger_nobody_is_closed(host, text):
    host.put(layout.LEDGER, text)
    assert settle(host) is None
    assert row(host, "bob") == ("/bin/bash", False)


def test_sshd_judges_its_file_with_all_others_before_it_counts(host):
    seen_by_sshd = []
    host.put(layout.SSHD_PID, "12\n")
    host.put("/proc/12/comm", "sshd\n")
    host.answers |= {"sshd -t": lambda argv, _: seen_by_sshd.append(host.text(argv[-1])) or "", "kill -HUP 12": ""}
    assert settle(host, DROPIN) is None
    assert host.text(layout.SSHD_DROPIN) == SSHD
    assert seen_by_sshd == [f"{SSHD}Include {layout.SSHD_CONFIG}\n"]
    assert host.commands[-1] == "kill -HUP 12"
    DROPIN.remove(host)
    DROPIN.remove(host)
    assert host.names(layout.SSHD_DROPINS) == []
    assert host.commands.count("kill -HUP 12") == 2


def test_what_sshd_does_not_accept_is_not_there(host):
    host.answers["sshd -t"] = (255, "", "sshd: no hostkeys available -- exiting.")
    with pytest.raises(UserError, match="no hostkeys available"):
        settle(host, DROPIN)
    assert host.names(layout.SSHD_DROPINS) == []


@pytest.mark.parametrize("pid", ["", "13\n", "x\n"])
def test_an_sshd_that_does_not_run_is_not_started(host, pid):
    host.put(layout.SSHD_PID, pid)
    host.put("/proc/13/comm", "postgres\n")
    host.answers |= {"sshd -t": ""}
    assert settle(host, DROPIN) is None
    assert not [command for command in host.commands if "kill" in command]


def kinds(shell, *, sshd):
    wished = accounts(Settings.model_validate({"users": {"admin": ["bob"], "shell": shell}}), fake_facts(sshd=sshd))
    return [r.kind for r in wished[5:]], next(r.shell for r in wished if isinstance(r, Person))


def test_what_the_setting_says():
    assert kinds(False, sshd=True) == (["person", "no-host-logins", "sshd-drop-in"], NOLOGIN)
    assert kinds(False, sshd=False) == (["person", "no-host-logins"], NOLOGIN)
    assert kinds(True, sshd=True) == (["person", "no-host-logins", "sshd-drop-in"], "/bin/bash")


def status(host, **users):
    return host_logins(host, Settings.model_validate({"users": users}), fake_facts())[1:3]


def test_status_names_who_has_a_door(host):
    host.put("/etc/group", host.text("/etc/group").replace("docker:x:101:", "docker:x:101:alice"))
    SUDO["group"](host)
    assert status(host) == ("ok", "sudo: bob; docker: alice")
    assert status(host, banned=["bob"]) == ("ok", "docker: alice")
    assert status(host, allow_all=False, admin=["bob"]) == ("ok", "sudo: bob")
    assert status(host, allow_all=False)[1].startswith("nobody of the hub")


def test_status_names_who_has_a_shell_where_sshd_is(host):
    host.answers["sshd"] = ""
    host.put(layout.SSHD_CONFIG, "Include /etc/ssh/sshd_config.d/*.conf\n")
    more = "".join(f"p{n}:x:{2000 + n}:{2000 + n}::/home/p{n}:/bin/bash\n" for n in range(6))
    host.put("/etc/passwd", host.text("/etc/passwd") + more)
    settle(host)
    assert status(host) == ("ok", "ssh: alice, p0, p1, p2, p3 and 2 more")
    host.put(layout.SSHD_CONFIG, "Port 22\n")
    state, words = status(host)
    assert state == "warning"
    assert layout.SSHD_DROPIN in words
