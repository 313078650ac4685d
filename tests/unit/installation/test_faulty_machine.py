"""What a machine can do to a run: full and read-only disks, damaged files of ours, ports that others hold."""

import errno
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from types import SimpleNamespace

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import main, verbs
from hubinstall.engine.journal import Journal
from hubinstall.errors import FULL, NO_NAMES, READ_ONLY, CommandError, of_system
from hubinstall.hubside import database
from hubinstall.machine.crash_points import KillPoints
from hubinstall.machine.host import TEMPORARY, Host
from hubinstall.preflight import checks
from hubinstall.preflight import disk as preflight_disk
from hubinstall.resources.files.tree import ASIDE, SEAL, Tree, sealed
from hubinstall.resources.services.service import taken
from hubinstall.settings.model import Settings
from hubinstall.verify.client.errors import NOT_VALID_YET, tls_hint

KILLED_WHILE_IT_WROTE = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("pragma cache_size=5")
connection.execute("create table t (x)")
connection.executemany("insert into t values (?)", [("before" * 500,)] * 200)
connection.commit()
connection.execute("update t set x = 'half'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def no_room() -> OSError:
    """As write(2) and fsync(2) have it: without a name."""
    return OSError(errno.ENOSPC, "No space left on device")


# -- words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "cure"),
    [
        ("uv: failed to copy: No space left on device (os error 28)", FULL),
        ("mkdir: cannot create directory: Read-only file system", READ_ONLY),
        ("dns error: failed to lookup address information: Temporary failure in name resolution", NO_NAMES),
    ],
)
def test_what_a_command_says_of_the_machine_has_a_cure(output, cure):
    assert CommandError(["uv", "pip"], 2, output).hint == f"{output}\n{cure}"


def test_what_the_system_refuses_is_no_bug_of_ours(monkeypatch, capsys):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/var/lib/hubinstall/ledger.json")

    monkeypatch.setattr(verbs, "verify", fail)
    assert main.main(["verify"]) == 1
    said = capsys.readouterr().err
    assert said == f"hubinstall: /var/lib/hubinstall/ledger.json: No space left on device\n  {FULL}\n"
    assert of_system(OSError(errno.ENOENT, "No such file", "/x")).hint == ""


def test_a_write_that_finds_no_room_names_the_file_and_leaves_nothing(host, monkeypatch):
    def full(fd):
        raise no_room()

    host.put("/etc/there", "before")
    monkeypatch.setattr("hubinstall.machine.host.os.fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        host.write("/etc/there", b"after")
    assert caught.value.filename == "/etc/there"
    assert host.text("/etc/there") == "before"
    assert not host.exists("/etc/there.hubinstall-new")


def test_a_certificate_of_another_time_is_said():
    error = ssl.SSLCertVerificationError("certificate is not yet valid")
    error.verify_code = NOT_VALID_YET
    assert "clock" in tls_hint(error)
    error.verify_code = 18
    assert "clock" not in tls_hint(error)


# -- disks ------------------------------------------------------------------------------------------------------


def statvfs(**differs):
    room = {"f_bavail": 1 << 30, "f_frsize": 4096, "f_favail": 1 << 20, "f_files": 1 << 21, "f_flag": 0}
    return lambda _path: SimpleNamespace(**(room | differs))


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ({"f_flag": os.ST_RDONLY}, "mounted read-only: /etc, /opt, /var, /var/lib/hubinstall"),
        ({"f_bavail": 10_000}, "/var has 41 MB of free space; 0.7 GB is needed"),
        ({"f_favail": 7}, "/var has 7 free inodes (files); 3120 are needed"),
    ],
)
def test_a_disk_that_cannot_be_written_to_is_found_before_anything_changes(host, monkeypatch, disk, words):
    host.put(layout.LEDGER, "{}")
    monkeypatch.setattr(preflight_disk.os, "statvfs", statvfs())
    assert list(preflight_disk.problems(host)) == []
    monkeypatch.setattr(preflight_disk.os, "statvfs", statvfs(**disk))
    ((message, hint),) = preflight_disk.problems(host)
    assert message == words
    assert hint.endswith(".")


def test_a_file_system_that_counts_no_files_has_room_for_them(host, monkeypatch):
    monkeypatch.setattr(preflight_disk.os, "statvfs", statvfs(f_favail=0, f_files=0))
    assert list(preflight_disk.problems(host)) == []


# -- the way back -----------------------------------------------------------------------------------------------


def test_what_cannot_be_put_back_does_not_keep_the_rest(host, monkeypatch):
    for name in ("first", "second", "third"):
        host.put(f"/etc/{name}", "before")
    host.journal = journal = Journal(host)
    for name in ("first", "second", "third"):
        host.write(f"/etc/{name}", b"after")
    host.journal = None
    host.put("/etc/third", "before")  # as it was: needs no room
    write = host.write

    def full_but_for(path, content, *rest, **more):
        if path != "/etc/first":
            raise no_room()
        write(path, content, *rest, **more)

    monkeypatch.setattr(host, "write", full_but_for)
    assert journal.put_back() == ["/etc/second: No space left on device"]
    assert host.text("/etc/first") == "before"


# -- directories that are rebuilt -----------------------------------------------------------------------------------


def damaged(host):
    """A sealed folder that lacks one of its files, and runs all the same."""
    tree = Tree("/opt/tree", {"kept": b"1", "lost": b"2"})
    tree.apply(host, None)
    host.remove("/opt/tree/lost")
    assert tree.actual(host) == {"complete": False}
    return tree


def test_a_damaged_folder_is_replaced(host):
    tree = damaged(host)
    tree.apply(host, None)
    assert tree.actual(host) == {"complete": True}
    assert host.names("/opt") == ["tree"]


def test_a_damaged_folder_comes_back_when_it_cannot_be_rebuilt(host, monkeypatch):
    tree = damaged(host)
    monkeypatch.setattr("hubinstall.resources.files.tree.seal", lambda *_: (_ for _ in ()).throw(no_room()))
    with pytest.raises(OSError, match="No space left"):
        tree.apply(host, None)
    assert host.names("/opt/tree") == [SEAL, "kept"]
    assert host.names("/opt") == ["tree"]


def test_what_stands_aside_since_a_kill_is_kept_until_the_folder_is_there(host):
    tree = damaged(host)
    if (child := os.fork()) == 0:
        host.kill_points = KillPoints("building:mid")
        with host.step("building"):
            tree.apply(host, None)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert host.names("/opt") == [f"tree{ASIDE}", f"tree{TEMPORARY}"]
    assert sealed(host, tree.name) is None
    tree.apply(host, None)
    assert tree.actual(host) == {"complete": True}
    assert host.names("/opt") == ["tree"]


# -- the hub's database and its port ---------------------------------------------------------------------------------


def test_a_database_whose_writer_was_killed_is_not_damaged(tmp_path):
    path = tmp_path / "hub.sqlite"
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_IT_WROTE, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    journal = path.with_name("hub.sqlite-journal")
    assert journal.exists()
    assert database.damage(str(path), touch=False) is None
    assert journal.exists(), "whoever only looks changes nothing"
    assert database.damage(str(path)) is None
    with sqlite3.connect(path) as connection:
        assert connection.execute("select distinct length(x) from t").fetchall() == [(3000,)]


def test_a_damaged_database_is_refused_before_the_hub_is_restarted(host):
    assert list(checks._database(host)) == []
    host.put(layout.HUB_DATABASE, "garbage" * 1000)
    (problem,) = checks._database(host)
    assert f"{layout.HUB_DATABASE} is damaged: file is not a database" in problem.message
    assert "Restore a good copy" in problem.hint


def test_whoever_else_listens_at_a_services_address_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert f"(pid {os.getpid()})" in taken(Host(), address, pid=1)
        assert taken(Host(), address, pid=os.getpid()) == ""
        assert taken(Host(), address.replace("127.0.0.1", "10.99.0.1"), pid=1) == ""
    assert taken(Host(), "/run/a.sock", pid=1) == ""
    assert taken(Host(), "", pid=1) == ""


# -- process managers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_process", "there", "wished", "words"),
    [
        ("systemd", "systemd", "supervisor", "cannot change from systemd to supervisor"),
        ("systemd", "supervisor", "auto", "cannot change from supervisor to systemd"),
        ("systemd", "supervisor", "supervisor", ""),
        ("systemd", "systemd", "auto", ""),
        ("other", "supervisor", "auto", ""),
        ("other", "supervisor", "systemd", "PID 1 of this machine is not systemd"),
        ("systemd", "", "supervisor", ""),
    ],
)
def test_an_installation_stays_with_its_process_manager(host, first_process, there, wished, words):
    if first_process == "systemd":
        host.path("/run/systemd/system").mkdir(parents=True)
    if there == "supervisor":
        host.put(layout.SUPERVISOR_CONFIG, "")
    elif there:
        unit = layout.unit(layout.HUB_SERVICE)
        host.put(unit, "[Service]")
        host.put(layout.LEDGER, f'{{"resources": {{"unit:{unit}": {{}}}}}}')
    found = list(checks._manager(host, Settings.model_validate({"process_manager": wished})))
    assert [p.code for p in found] == [78] * bool(words)
    assert all(words in p.message for p in found)
