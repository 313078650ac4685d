"""The journal: what a run changed is put back to the byte."""

import json
from dataclasses import asdict

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.engine.journal import KEPT, Entry, Journal


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def put_back(host):
    """By a run of its own: the one that made the changes is over, or was killed."""
    host.journal = None
    assert Journal(host).put_back() == []


def test_files_links_and_folders_are_put_back(host):
    host.put("/etc/changed", "before")
    host.path("/etc/changed").chmod(0o600)
    host.put("/etc/removed", "precious")
    host.path("/etc/link").symlink_to("/old")
    host.journal = journal = Journal(host)
    host.write("/etc/changed", b"after")
    host.write("/etc/changed", b"after that")
    host.remove("/etc/removed")
    host.link("/etc/link", "/new")
    host.mkdir("/etc/folder")
    host.write("/etc/folder/new", b"new")
    host.journal = None
    journal.put_back()
    assert host.text("/etc/changed") == "before"
    assert host.stat("/etc/changed").mode == "0600"
    assert host.text("/etc/removed") == "precious"
    assert host.stat("/etc/link").target == "/old"
    assert not host.exists("/etc/folder")


def test_whose_things_are_is_put_back_too(host):
    host.mkdir("/etc/folder", "0750", "alice", "docker")
    host.write("/etc/file", b"", "0640", "www-data", "shadow")
    before = [host.stat(path) for path in ("/etc/folder", "/etc/file")]
    host.journal = Journal(host)
    host.mkdir("/etc/folder")
    host.write("/etc/file", b"no more empty")
    put_back(host)
    assert [host.stat(path) for path in ("/etc/folder", "/etc/file")] == before
    assert host.read("/etc/file") == b""


def test_a_group_that_an_account_was_taken_out_of_is_put_back(host):
    """Also after a kill, and what could not be is said."""
    host.answers["gpasswd --add jupyterhub shadow"] = ""
    Journal(host).remember_member("jupyterhub", "shadow")
    put_back(host)
    assert host.commands[-1] == "gpasswd --add jupyterhub shadow"
    host.answers["gpasswd --add jupyterhub shadow"] = (3, "", "gpasswd: group 'shadow' does not exist")
    assert Journal(host).put_back() == ["/etc/group#shadow:jupyterhub: gpasswd: group 'shadow' does not exist"]


@pytest.mark.parametrize(
    "path",
    [
        layout.LEDGER, f"{layout.ACCEPTED}/a", f"{layout.CONFIG_DIR}/a", f"{layout.TREES}/a", f"{layout.IMAGES}/a",
        f"{layout.ACME}/a", f"{layout.ACME_WEBROOT}/a",
    ],
)  # fmt: skip
def test_what_is_this_programs_own_is_not_put_back(host, path):
    """A ledger that is put back would know nothing of what was made since."""
    host.put(path, "before")
    host.journal = Journal(host)
    host.write(path, b"after")
    assert host.names(layout.GENERATIONS) == []
    put_back(host)
    assert host.text(path) == "after"


def test_only_root_enters_the_copies_and_services_their_own_part_of_the_state(host):
    host.journal = Journal(host)
    host.write("/etc/new", b"x")
    folders = (layout.STATE, layout.GENERATIONS, host.journal.folder)
    assert [host.stat(folder).mode for folder in folders] == ["0711", "0700", "0700"]


def test_of_links_and_folders_no_copy_is_made(host):
    host.path("/etc/link").symlink_to("/old")
    host.path("/etc/folder").mkdir()
    before = host.names("/")
    host.journal = Journal(host)
    host.link("/etc/link", "/new")
    host.mkdir("/etc/folder", "0700")
    assert host.names(host.journal.folder) == ["index.json"]
    assert host.names("/") == before


def test_what_is_changed_after_a_generation_was_closed_is_the_next_one(host):
    """A run that proves its changes twice goes back no further than to the first proof."""
    host.put("/etc/changed", "0")
    host.journal = journal = Journal(host)
    host.write("/etc/changed", b"1")
    first = journal.folder
    journal.close()
    host.write("/etc/changed", b"2")
    assert journal.folder > first
    put_back(host)
    assert host.text("/etc/changed") == "1"


def test_a_generation_that_any_release_closed_is_not_put_back(host):
    """The mark's name is on disks: by another one an upgrade would undo the last good run."""
    host.put("/etc/changed", "good")
    host.put(f"{layout.GENERATIONS}/000001/index.json", json.dumps({"/etc/changed": asdict(Entry("absent"))}))
    host.put(f"{layout.GENERATIONS}/000001/closed", "")
    put_back(host)
    assert host.text("/etc/changed") == "good"


def test_a_run_that_changes_nothing_leaves_no_folder(host):
    host.journal = Journal(host)
    assert host.names(layout.GENERATIONS) == []


def test_only_the_last_generations_stay(host):
    for number in range(KEPT + 3):
        host.journal = journal = Journal(host)
        host.write("/etc/changed", str(number).encode())
        journal.close()
    host.journal = None
    assert len(host.names(layout.GENERATIONS)) == KEPT


def test_what_a_killed_run_changed_is_put_back_by_the_next(host):
    host.put("/etc/changed", "before")
    host.journal = Journal(host)
    host.write("/etc/changed", b"by the killed run")
    host.put("/etc/changed.hubinstall-new", "half")
    host.journal = journal = Journal(host)
    journal.sweep()
    assert not host.exists("/etc/changed.hubinstall-new")
    host.write("/etc/changed", b"by the next")
    host.write("/etc/more", b"more")
    host.journal = None
    journal.put_back()
    assert host.text("/etc/changed") == "before"
    assert not host.exists("/etc/more")
    journal.close()
    assert Journal(host).folder != journal.folder or Journal(host).put_back() == []


def test_a_copy_that_was_being_kept_when_the_run_was_killed_is_swept_away(host):
    host.put("/etc/first", "first")
    host.put("/etc/second", "second")
    host.journal = journal = Journal(host)
    host.write("/etc/first", b"changed")
    # The next copy, number 1, and the index that would name it: half-written.
    for name in ("1", "index.json"):
        host.put(f"{journal.folder}/{name}.hubinstall-new", "sec")
    host.journal = journal = Journal(host)
    journal.sweep()
    host.write("/etc/new", b"takes the number without a copy")
    assert host.names(journal.folder) == ["0", "index.json"]


@pytest.mark.parametrize(
    "path",
    [
        layout.LEDGER, layout.CONFIG_FILE, f"{layout.ACCEPTED}/a", f"{layout.TREES}/a", f"{layout.EDITS}/a",
        f"{layout.HUB_DROPINS}/a.py", f"{layout.NGINX_DROPINS}/a.conf",
    ],
)  # fmt: skip
def test_what_is_not_remembered_is_swept_away_too(host, path):
    host.put(path, "whole")
    host.put(f"{path}.hubinstall-new", "ha")
    Journal(host).sweep()
    assert host.text(path) == "whole"
    assert not host.exists(f"{path}.hubinstall-new")


def test_a_candidate_that_was_being_checked_is_swept_away(host):
    host.journal = Journal(host)
    host.write("/etc/x.candidate", b"of a killed run")
    host.journal = None
    Journal(host).sweep()
    assert not host.exists("/etc/x.candidate")


def test_copies_are_for_root_only(host):
    host.put("/etc/secret", "s")
    host.journal = journal = Journal(host)
    host.write("/etc/secret", b"t")
    assert {host.stat(f"{journal.folder}/{n}").mode for n in host.names(journal.folder)} == {"0600"}
