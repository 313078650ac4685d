"""The machine suite's choice of a machine (--machine), the way into it over ssh, and its measured pace."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from harness import kinds, moved, pace, snapshots, vm_disk
from harness.borrowed import BorrowedMachine
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager
from harness.ssh import QUOTED, Connection
from harness.virtual import VirtualMachine

SNAPSHOT = Snapshot(Path("/a/snapshot"), ProcessManager.SYSTEMD, 200)
WORDS = ["two words", "it's", 'a "quoted" one', "$HOME `date` \\", "line\nand line", "", "--", "*"]


@pytest.fixture(autouse=True)
def as_before():
    yield
    kinds.choose("nspawn")


@pytest.mark.parametrize("name", ["docker", "ssh", "ssh:", "QEMU", ""])
def test_an_unknown_kind_is_refused_with_the_known_ones(name):
    with pytest.raises(ValueError, match="there are nspawn, qemu, vagrant, ssh:root@HOST"):
        kinds.choose(name)
    assert kinds.name() == "nspawn"


@pytest.mark.parametrize(("name", "kind"), [
    ("nspawn", Machine), ("qemu", VirtualMachine), ("ssh:root@server.example.org", BorrowedMachine),
])  # fmt: skip
def test_the_chosen_kind_is_what_a_test_gets(name, kind):
    kinds.choose(name)
    assert type(kinds.new(ProcessManager.SYSTEMD, snapshot=SNAPSHOT)) is kind
    assert kinds.has_own_kernel() == (name != "nspawn")
    assert (ProcessManager.PLAIN in kinds.process_managers()) == (name == "nspawn")


def test_people_connect_to_the_host_that_ssh_connects_to():
    machine = BorrowedMachine("root@server.example.org")
    assert machine.address == "server.example.org"
    assert machine.pace == 1
    with pytest.raises(RuntimeError, match=r"root@server\.example\.org is stopped"):
        machine.prefix()


def test_a_virtual_machine_starts_from_a_snapshot_with_systemd():
    kinds.choose("qemu")
    with pytest.raises(ValueError, match="starts from a snapshot"):
        kinds.new(ProcessManager.SYSTEMD)
    with pytest.raises(ValueError, match="systemd as PID 1"):
        VirtualMachine(replace(SNAPSHOT, process_manager=ProcessManager.PLAIN))


def test_a_disk_that_has_not_arrived_is_not_installed_again(tmp_path, monkeypatch):
    """An emulated boot may fail because the host is busy; the installation on the disk is as good as before."""
    monkeypatch.setattr(moved.store, "folder", lambda _: tmp_path)
    (tmp_path / "name-digest-207").mkdir()
    (tmp_path / "name-digest-207.new").mkdir()
    kept = moved.disk("name-digest", 211, lambda _: pytest.fail("installed again"))
    assert kept == Snapshot(tmp_path / "name-digest-207", ProcessManager.SYSTEMD, 207)
    moved.forget("name-digest")
    assert not list(tmp_path.iterdir())


def test_a_virtual_machine_shares_no_snapshot_with_others():
    """Both kinds may run at the same time."""
    names = [snapshots.key("installed", ProcessManager.SYSTEMD, "digest")]
    kinds.choose("qemu")
    names.append(snapshots.key("installed", ProcessManager.SYSTEMD, "digest"))
    assert len(set(names)) == 2


def test_words_arrive_over_ssh_as_they_were_given(tmp_path):
    """ssh(1) joins the words behind the host with spaces, and the account's shell reads the result."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/bash\nwhile [ "$1" != root@host ]; do shift; done\nshift\nexec bash -c "$*"\n')
    ssh.chmod(0o755)
    prefix = Connection("root@host", tmp_path / "socket").prefix()
    assert prefix[2] == QUOTED
    found = subprocess.run(
        [*prefix, "printf", "%s\\0", *WORDS], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, check=True
    )
    assert found.stdout.decode().split("\0")[:-1] == WORDS


def test_the_pace_is_measured_and_never_below_one(tmp_path):
    assert 1 <= pace.of([]) < 5
    slow = tmp_path / "python3"
    slow.write_text("#!/bin/sh\necho 1000\n")
    slow.chmod(0o755)
    assert pace.of(["env", f"PATH={tmp_path}"]) > 1000


@pytest.mark.parametrize(("flags", "core", "own_kernel", "others"), [
    (["--machine=qemu"], True, True, False),
    (["--machine=vagrant"], True, True, False),
    (["--machine=ssh:root@server.example.org"], True, True, False),
    ([], True, False, True),
    (["--whole"], False, False, True),
], ids=["qemu", "vagrant", "ssh", "nspawn", "a whole run"])  # fmt: skip
def test_each_kind_runs_what_only_it_can_show(flags, core, own_kernel, others):
    """A whole run leaves out the core tests: its other files show the same on nspawn's machines."""
    files = [f"tests/machine/test_{name}.py" for name in ("core", "own_kernel", "reserve")]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *flags, *files]
    collected = subprocess.run(command, check=False, cwd=CHECKOUT, capture_output=True, text=True).stdout
    assert [f"{file}::" in collected for file in files] == [core, own_kernel, others], collected


def test_an_installed_machines_disk_loses_what_is_not_flushed(tmp_path, monkeypatch):
    """One that is being installed need not: the flag makes it fast, and a failed one is made again."""
    assert "cache=unsafe" in vm_disk.drive(tmp_path)
    made = []
    monkeypatch.setattr(vm_disk, "execute", made.append)
    vm_disk.lose_what_is_not_flushed(tmp_path)
    [command] = made
    (tmp_path / command[-1]).touch()
    assert command[0] == "qemu-img"
    assert "cache=writeback" in vm_disk.drive(tmp_path)
    assert "unsafe" not in vm_disk.drive(tmp_path)


def test_the_lane_is_one_command():
    text = (CHECKOUT / "tests/run").read_text()
    assert re.search(r'tests/machine --machine="\$kind" --snapshot-cache', text)
    assert set(re.findall(r"\bkind=(\w+)$", text, re.MULTILINE)) == {"qemu", "vagrant"}
