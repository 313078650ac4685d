"""Machines of Vagrant's (--machine=vagrant), with a `vagrant` and an `ssh` that only note what is asked of them."""

import os
from pathlib import Path

import pytest

from checkout_path import CHECKOUT
from harness import kinds, moved, vagrant_place
from harness.commands import CommandFailedError
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager
from harness.vagrant import KEY, Vagrant
from harness.vagrant_machine import VagrantMachine

# Like Vagrant it knows a machine that was created, and leaves the one that is there alone.
VAGRANT = """#!/bin/sh
cd "$NOTES"
echo "$(/bin/pwd -P) $*" >>said
case $1 in
    up) echo running >state ;;
    ssh-config) printf 'Host default\\n  HostName 192.0.2.7\\n  User vagrant\\n  IdentityFile /a/key\\n' ;;
    halt) if [ "${2:-}" = --force ]; then echo cut >state; else echo halted >state; fi ;;
    destroy) rm -f state ;;
    *) exit 2 ;;
esac
"""
# The control socket is a file here; a command is run where the test is.
SSH = """#!/bin/bash
while [ "$1" != root@default ]; do
    case $1 in ControlPath=*) socket=${1#*=} ;; -F) cp "$2" "$NOTES/config" ;; -N) waits=1 ;; esac
    shift
done
shift
[ -z "$waits" ] || { touch "$socket"; exec sleep 60; }
[ "$1" != -- ] || shift
case $* in *systemctl*) exit ;; esac
exec bash -c "$*"
"""


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """The directory in which the two programs note things; they come first in PATH."""
    for name, text in (("vagrant", VAGRANT), ("ssh", SSH)):
        tmp_path.joinpath(name).write_text(text)
        tmp_path.joinpath(name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("NOTES", str(tmp_path))
    yield tmp_path
    kinds.choose("nspawn")


def state(notes: Path) -> str:
    file = notes / "state"
    return file.read_text().strip() if file.exists() else "not there"


def test_a_machine_is_there_within_the_block_only(notes):
    with VagrantMachine(vagrant_place.Here()) as machine:
        assert state(notes) == "running"
        assert machine.pace >= 1  # measured by a command, through ssh
        assert "HostName 192.0.2.7" in (notes / "config").read_text()
        assert machine.address == "192.168.56.20"
        machine.stop()
        assert state(notes) == "halted"
        machine.start()
        machine.reboot(power_cut=True)
        assert state(notes) == "running"
    assert state(notes) == "not there"
    assert "halt --force" in (notes / "said").read_text()


def test_what_comes_first_is_done_on_a_machine_that_is_up(notes):
    seen = []
    with VagrantMachine(vagrant_place.Here(), at_first=lambda machine: seen.append((machine.name, state(notes)))):
        assert seen == [("vagrant", "running")]


def test_one_that_does_not_come_up_is_removed(notes):
    (notes / "vagrant").write_text(VAGRANT.replace("up) echo running >state", "up) touch state; exit 1"))
    with pytest.raises(CommandFailedError, match="vagrant up --provision-with"), VagrantMachine(vagrant_place.Here()):
        pytest.fail("it was entered")
    assert state(notes) == "not there"


def test_where_vagrant_is_the_tests_install_the_hub(notes):
    """On the machine that it makes of its own box."""
    kinds.choose("vagrant")
    assert kinds.keeps_no_snapshots()
    assert type(kinds.new(ProcessManager.SYSTEMD)) is VagrantMachine


def test_where_it_is_not_it_gets_a_machine_and_a_box_with_the_hub(monkeypatch):
    kinds.choose("vagrant")
    monkeypatch.setattr(vagrant_place.shutil, "which", lambda _: None)
    try:
        assert not kinds.keeps_no_snapshots()
        with pytest.raises(ValueError, match="starts from a box"):
            kinds.new(ProcessManager.SYSTEMD)
        snapshot = Snapshot(Path("/a/box"), ProcessManager.SYSTEMD, 200)
        assert type(kinds.new(ProcessManager.SYSTEMD, snapshot=snapshot)) is VagrantMachine
    finally:
        kinds.choose("nspawn")


def test_its_keys_are_found_on_the_test_host(notes, monkeypatch):
    monkeypatch.setattr(Machine, "root", Path("/store/root"))
    monkeypatch.setattr(Machine, "prefix", lambda _: [])
    monkeypatch.setattr(vagrant_place, "FOLDER", str(notes))
    config = vagrant_place.Inside(Path("/a/box")).ssh_config()
    assert "IdentityFile /store/root/a/key\n" in config
    assert "HostName 192.0.2.7\n" in config


def test_vagrant_finds_the_file_and_what_it_reads(notes):
    (notes / "vagrant").write_text('#!/bin/sh\necho "$(pwd) $BOX" >"$NOTES/said"\n')
    Vagrant(str(CHECKOUT), settings={"BOX": "hub"}).up()
    assert (notes / "said").read_text() == f"{CHECKOUT} hub\n"


def test_what_the_vagrantfile_has_is_asked_for_by_its_name():
    text = (CHECKOUT / "Vagrantfile").read_text()
    assert f'config.vm.provision "{KEY}"' in text
    assert 'ENV.fetch("DRIVER"' in text
    assert f'"{vagrant_place.guest_address()}"' in text


def test_a_box_with_the_hub_is_not_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(moved.store, "folder", lambda _: tmp_path)
    (tmp_path / "name-digest-207").mkdir()
    kept = moved.boxed("name-digest", 211, lambda _: pytest.fail("installed again"))
    assert kept == Snapshot(tmp_path / "name-digest-207", ProcessManager.SYSTEMD, 207)
