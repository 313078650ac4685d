"""The journal: what a run changed is put back to the byte."""

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.engine.journal import KEPT, Journal


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


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
    "path", [layout.LEDGER, layout.CONFIG_FILE, f"{layout.ACCEPTED}/a", f"{layout.NGINX_DROPINS}/a.conf"]
)
def test_what_is_not_remembered_is_swept_away_too(host, path):
    host.put(path, "whole")
    host.put(f"{path}.hubinstall-new", "ha")
    Journal(host).sweep()
    assert host.text(path) == "whole"
    assert not host.exists(f"{path}.hubinstall-new")


def test_copies_are_for_root_only(host):
    host.put("/etc/secret", "s")
    host.journal = journal = Journal(host)
    host.write("/etc/secret", b"t")
    assert {host.stat(f"{journal.folder}/{n}").mode for n in host.names(journal.folder)} == {"0600"}
