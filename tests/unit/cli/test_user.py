"""`hubinstall user add | list | passwd | remove`, on a fake machine with the shadow tools' own effects."""

import json
import re

import pytest

from fakes.host import FakeHost
from fakes.people_machine import GROUP, hubinstall, made
from fakes.shadow_tools import TOOLS
from hubinstall import layout
from hubinstall.cli import user
from hubinstall.errors import UserError
from hubinstall.people import removal
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.accounts.account import NOLOGIN


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return made(tmp_path, monkeypatch)


def test_an_account_is_made_as_those_of_administrators_and_its_password_shown_once(machine, capsys):
    assert hubinstall(machine, "add", "grace", "--full-name", "Hopper, Grace", "--group", "course") == 0
    password = re.search(r"grace can log in with the password (\S+)", capsys.readouterr().out)[1]
    assert machine.shadow.passwords == {"grace": password}
    assert machine.row("grace")[2:] == ["1001", "1001", "Grace Hopper", "/home/grace", NOLOGIN]
    assert machine.members(GROUP) == machine.members("course") == "grace"
    assert "HOME_MODE=0700" in next(one for one in machine.commands if one.startswith("useradd"))
    assert password not in machine.text("/log") + " ".join(machine.commands)
    assert not machine.exists(layout.INITIAL_PASSWORDS)
    assert hubinstall(machine, "add", "grace") == 0
    assert "has an account already" in capsys.readouterr().err
    assert machine.shadow.passwords == {"grace": password}


def test_with_a_shell_where_the_site_wants_it(machine):
    machine.put(layout.CONFIG_FILE, "users: {shell: true}\n")
    hubinstall(machine, "add", "grace")
    assert machine.row("grace")[6] == "/bin/bash"
    assert machine.members(GROUP) == ""


def test_a_password_may_be_given_and_is_checked_first(machine, monkeypatch, capsys):
    for bad, words in (("short", "needs 8"), ("qwertz123", "most common"), ("", "made up")):
        if bad:
            with pytest.raises(UserError, match=words) as caught:
                hubinstall(machine, "add", "grace", "--password-stdin", stdin=f"{bad}\n", monkeypatch=monkeypatch)
            assert caught.value.code == 2
            assert bad not in str(caught.value)
    assert machine.row("grace") is None
    hubinstall(machine, "add", "grace", "--password-stdin", stdin="cobol-1959\nmore\n", monkeypatch=monkeypatch)
    assert machine.shadow.passwords == {"grace": "cobol-1959"}
    assert "cobol-1959" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Grace"], "cannot be the name"),
        (["grace", "--group", "docker"], "a group of the system"),
        (["grace", "--group", "sudo"], "a group of the system"),
        (["grace", "--group", "shadow"], "a group of the system"),
        (["grace", "--group", "nobodys"], "no group"),
        (["grace", "--full-name", "a:b"], "full name"),
        (["course"], "there is a group course already"),
        (["left"], "/home/left exists already, and belongs to root"),
        (["root"], "system account"),
        (["www-data"], "system account"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_changes(machine, words, message):
    machine.path("/home/left").mkdir()
    before = machine.text("/etc/passwd")
    with pytest.raises(UserError, match=message):
        hubinstall(machine, "add", *words)
    assert machine.text("/etc/passwd") == before
    assert not [one for one in machine.commands if one.startswith(TOOLS)]


def test_users_is_a_group_of_people(machine):
    hubinstall(machine, "add", "grace", "--group", "users")
    assert machine.members("users") == "grace"


@pytest.mark.parametrize("tool", ["useradd", "chpasswd"])
def test_what_was_killed_in_the_middle_goes_on(machine, capsys, tool):
    real = machine.answers[tool]

    def killed(argv, text):
        if tool == "useradd":
            real(argv, text)
        raise KeyboardInterrupt

    machine.answers[tool] = killed
    with pytest.raises(KeyboardInterrupt):
        hubinstall(machine, "add", "grace")
    machine.answers[tool] = real
    assert hubinstall(machine, "add", "grace") == 0
    assert machine.shadow.passwords["grace"] in capsys.readouterr().out


def test_removed_and_back_with_the_same_number(machine, capsys):
    hubinstall(machine, "add", "grace")
    capsys.readouterr()
    machine.running = ["c0ffee\n", "c0ffee\n", ""]
    assert hubinstall(machine, "remove", "grace") == 0
    assert machine.running == [], "it has waited for the server"
    assert machine.line("grace")[1].startswith("!")
    assert machine.line("grace")[7] == "1"
    assert "hubinstall user add grace" in capsys.readouterr().err
    assert hubinstall(machine, "remove", "grace") == 0
    old = machine.shadow.passwords["grace"]
    assert hubinstall(machine, "add", "grace") == 0
    assert machine.row("grace")[2] == "1001"
    assert machine.line("grace")[7] == ""
    assert machine.shadow.passwords["grace"] != old
    assert machine.shadow.passwords["grace"] in capsys.readouterr().out


def test_an_account_that_somebody_locked_is_not_let_in(machine, capsys):
    hubinstall(machine, "add", "grace")
    machine.shadow.usermod(["--lock", "grace"], None)
    before = machine.text("/etc/shadow")
    assert hubinstall(machine, "add", "grace") == 0
    assert "locked. Nothing was changed" in capsys.readouterr().err
    with pytest.raises(UserError, match="locked"):
        hubinstall(machine, "passwd", "grace", "--generate")
    assert machine.text("/etc/shadow") == before


def test_a_purge_moves_the_home_and_keeps_the_number(machine, capsys):
    hubinstall(machine, "add", "grace", "--group", "course")
    machine.put("/home/grace/thesis", "1")
    assert hubinstall(machine, "remove", "grace", "--purge") == 0
    assert machine.row("grace") is None
    assert machine.row("purged-1001")[2:] == ["1001", "1001", "", "/nonexistent", NOLOGIN]
    assert machine.line("purged-1001")[1] == "!"
    assert machine.members("course") == machine.members("purged-1001") == ""
    folder = f"/home/{layout.REMOVED_HOMES}"
    [name] = machine.names(folder)
    assert machine.stat(folder).mode == "0700"
    assert name.endswith("-grace-1001")
    assert f"{folder}/{name}" in capsys.readouterr().err
    assert machine.text(f"{folder}/{name}/thesis") == "1"
    hubinstall(machine, "add", "grace")
    assert machine.row("grace")[2] == "1002"
    with pytest.raises(UserError, match="system account"):
        hubinstall(machine, "remove", "purged-1001")


@pytest.mark.parametrize("at", ["groupmod", "usermod --login"])
def test_a_purge_that_was_killed_goes_on(machine, at):
    hubinstall(machine, "add", "grace")

    def killed(*_):
        raise KeyboardInterrupt

    machine.answers[at] = killed
    with pytest.raises(KeyboardInterrupt):
        hubinstall(machine, "remove", "grace", "--purge")
    machine.answers[at] = machine.shadow
    assert hubinstall(machine, "remove", "grace", "--purge") == 0
    assert machine.row("grace") is None
    assert machine.row("purged-1001")
    assert len(machine.names(f"/home/{layout.REMOVED_HOMES}")) == 1
    hubinstall(machine, "add", "grace")


def bobs(machine):
    machine.owners["/home/grace"] = ("alice", "alice")


def shared(machine):
    machine.put("/etc/passwd", machine.text("/etc/passwd") + "bob:x:1500:1500::/home/grace/bob:/bin/bash\n")


def mounted(machine):
    machine.put("/proc/self/mountinfo", "30 1 8:1 / /home/grace rw - ext4 /dev/sda1 rw\n")


def linked(machine):
    machine.path("/home/grace").rmdir()
    machine.path("/home/grace").symlink_to("/home/alice")


@pytest.mark.parametrize("home", [bobs, shared, mounted, linked])
def test_a_home_that_is_not_only_the_accounts_own_is_never_moved(machine, capsys, home):
    hubinstall(machine, "add", "grace")
    home(machine)
    hubinstall(machine, "remove", "grace", "--purge")
    assert "/home/grace was not moved" in capsys.readouterr().err
    assert machine.exists("/home/grace")
    assert machine.row("grace") is None


def test_who_must_stay(machine):
    with pytest.raises(UserError, match="last administrator"):
        hubinstall(machine, "remove", "alice")
    for name in ("root", "www-data"):
        with pytest.raises(UserError, match="system account"):
            hubinstall(machine, "remove", name)
    with pytest.raises(UserError, match="no account nobodys"):
        hubinstall(machine, "remove", "nobodys")
    probe = f"{layout.PROBE_USER}:x:1300:1300::/home/p:/bin/sh\n"
    machine.put("/etc/passwd", machine.text("/etc/passwd") + probe)
    with pytest.raises(UserError, match="system account"):
        hubinstall(machine, "remove", layout.PROBE_USER)


def test_who_administers_the_machine_itself_must_stay(machine, monkeypatch):
    for name in ("grace", "emmy"):
        hubinstall(machine, "add", name)
    machine.put("/etc/group", machine.text("/etc/group").replace("sudo:x:27:", "sudo:x:27:grace"))
    monkeypatch.setenv("SUDO_USER", "emmy")
    for name in ("grace", "emmy"):
        with pytest.raises(UserError, match="administers this machine itself"):
            hubinstall(machine, "remove", name)


def test_one_of_two_administrators_may_go_but_not_for_good(machine, capsys):
    hubinstall(machine, "add", "bob")
    machine.put(layout.CONFIG_FILE, "users: {admin: [alice, bob]}\n")
    with pytest.raises(UserError, match=r"in users\.admin"):
        hubinstall(machine, "remove", "bob", "--purge")
    assert hubinstall(machine, "remove", "bob") == 0
    assert "hubinstall config remove-item users.admin bob --apply" in capsys.readouterr().err
    with pytest.raises(UserError, match="last administrator"):
        hubinstall(machine, "remove", "alice")


def test_a_server_that_does_not_end_is_said(machine, monkeypatch):
    hubinstall(machine, "add", "grace")
    monkeypatch.setattr(removal, "SOON", -1)
    machine.running = ["c0ffee\n"] * 5
    with pytest.raises(UserError, match="is locked, but its server still runs"):
        hubinstall(machine, "remove", "grace", "--purge")
    assert machine.row("grace")


def test_a_new_password(machine, monkeypatch, capsys):
    assert hubinstall(machine, "passwd", "alice", "--stdin", stdin="enigma-1843\n", monkeypatch=monkeypatch) == 0
    assert machine.shadow.passwords == {"alice": "enigma-1843"}
    assert hubinstall(machine, "passwd", "alice", "--generate") == 0
    assert machine.shadow.passwords["alice"] in capsys.readouterr().out
    with pytest.raises(UserError, match="needs 8"):
        hubinstall(machine, "passwd", "alice", "--stdin", stdin="short\n", monkeypatch=monkeypatch)
    with pytest.raises(UserError, match="no terminal"):
        hubinstall(machine, "passwd", "alice", monkeypatch=monkeypatch)
    with pytest.raises(UserError, match="system account"):
        hubinstall(machine, "passwd", "root", "--generate")


@pytest.mark.parametrize(("again", "code"), [("enigma-1843", 0), ("enigma-1844", 2)])
def test_it_is_typed_twice(machine, monkeypatch, again, code):
    typed = ["enigma-1843", again]
    monkeypatch.setattr(user.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(user.getpass, "getpass", lambda _: typed.pop(0))
    if code:
        with pytest.raises(UserError, match="differ"):
            hubinstall(machine, "passwd", "alice")
        assert machine.shadow.passwords == {}
    else:
        assert hubinstall(machine, "passwd", "alice") == 0


def test_a_home_in_one_file(machine, capsys):
    hubinstall(machine, "add", "grace")
    hubinstall(machine, "remove", "grace")
    machine.path("/srv/archive").mkdir()
    capsys.readouterr()
    assert hubinstall(machine, "archive", "grace", "/srv/archive") == 0
    path = capsys.readouterr().out.strip()
    assert re.fullmatch(r"/srv/archive/grace-[\d-]+\.tar\.zst", path)
    assert machine.stat(path).mode == "0600"
    assert machine.commands[-1].endswith(f"--file {path} --directory=/home -- grace")
    machine.answers["tar --create"] = (1, "", "tar: grace/x: file changed as we read it\n")
    assert hubinstall(machine, "archive", "grace", "/srv/archive/") == 0
    assert "changed meanwhile" in capsys.readouterr().err


def test_an_archive_that_fails_leaves_nothing(machine):
    hubinstall(machine, "add", "grace")
    machine.path("/srv/archive").mkdir()
    machine.answers["tar --create"] = (2, "", "tar: No space left on device\n")
    with pytest.raises(UserError, match="exit code 2"):
        hubinstall(machine, "archive", "grace", "/srv/archive")
    assert machine.names("/srv/archive") == []
    machine.path("/srv/archive").chmod(0o777)
    for name, folder, words in (
        ("grace", "/srv/archive", "only root"), ("grace", "/srv/nowhere", "only root"), ("root", "/srv", "system"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            hubinstall(machine, "archive", name, folder)


def test_who_is_here(machine, capsys):
    for name in ("grace", "emmy", "mallory"):
        hubinstall(machine, "add", name)
    hubinstall(machine, "remove", "emmy")
    machine.put(layout.CONFIG_FILE, "users: {admin: [alice], banned: [mallory], allow_all: false, allowed: [grace]}\n")
    machine.owners["/home/mallory"] = ("root", "root")
    capsys.readouterr()
    assert hubinstall(machine, "list", "--json") == 0
    rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["people"]}
    assert list(rows) == ["alice", "grace", "emmy", "mallory"]
    assert [rows[name]["role"] for name in rows] == ["administrator", "allowed", "not allowed", "banned"]
    assert [rows[name]["state"] for name in rows] == ["ok", "ok", "removed", "ok"]
    assert rows["mallory"]["home_state"] == "belongs to root"
    assert hubinstall(machine, "list") == 0
    title, first, *_ = capsys.readouterr().out.splitlines()
    assert title.split()[:3] == ["NAME", "UID", "ROLE"]
    assert first.split()[:4] == ["alice", "1000", "administrator", "ok"]


def test_who_is_not_on_the_list_of_the_site_is_told_about(machine, capsys):
    machine.put(layout.CONFIG_FILE, "users: {admin: [alice], allow_all: false}\n")
    hubinstall(machine, "add", "grace")
    assert "hubinstall config add-item users.allowed grace --apply" in capsys.readouterr().err


def test_before_an_installation_it_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="not installed"):
        user.here(FakeHost(tmp_path))


def test_an_apply_that_was_killed_does_not_lose_the_password(machine):
    """The first password that `user add` has kept is set by it, not by somebody else's apply."""
    first_passwords.keep(machine, "grace", "cobol-1959")
    assert first_passwords.is_due(machine, "grace")
    hubinstall(machine, "add", "grace")
    assert machine.shadow.passwords == {"grace": "cobol-1959"}
