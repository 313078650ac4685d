"""What the ledger keeps, and that the ledgers of older releases go on counting."""

import dataclasses
import json

import pytest

from fakes import ledgers
from fakes.host import FakeHost
from fakes.resources import Silent
from hubinstall import __version__, layout
from hubinstall.engine.ledger import VERSION, Ledger, fields_kept
from hubinstall.engine.run import Run, plan
from hubinstall.errors import UserError
from hubinstall.resources.base import Change, Resource, resource_id
from hubinstall.resources.files.file import File
from hubinstall.resources.kinds import KINDS

KEPT = {
    "account": {"uid_min"},
    "acme-certificate": set(),
    "authorities": set(),
    "database": set(),
    "directory": {"whole"},
    "docker-network": {"bridge", "label"},
    "docker-setting": set(),
    "docker-variables": set(),
    "file": {"rereads"},
    "firewall-table": {"loaded"},
    "group": set(),
    "group-members": set(),
    "image": set(),
    "image-layer": set(),
    "image-root": set(),
    "json-keys": {"keys", "before", "pid_file"},
    "kernel-setting": {"value", "module"},
    "link": set(),
    "nginx-minimums": {"least", "before", "pid_file"},
    "no-host-logins": {"people"},
    "node-modules": set(),
    "packages": set(),
    "person": set(),
    "pulled-image": {"tag", "pin"},
    "room": {"uid_min"},
    "secret": {"readers"},
    "secret-copy": set(),
    "self-signed-certificate": {"key"},
    "served-certificate": set(),
    "service": {"manager", "distribution", "undo"},
    "share": {"readers", "members", "drop_box", "path", "linked", "uid_min", "uid_max"},
    "sshd-drop-in": set(),
    "static-files": set(),
    "supervisord": set(),
    "tree": set(),
    "unit": {"reloads"},
    "unlinked": {"target", "program"},
    "virtualenv": set(),
}
"""Kind → what is kept besides the name. An older hubinstall cannot read more: raise VERSION with any addition."""
FILES = sorted(ledgers.FOLDER.glob("*.json"))
A, B = File("/etc/a", "a"), File("/etc/b", "b")


@pytest.fixture
def host(tmp_path):
    """An empty machine."""
    return FakeHost(tmp_path)


def changed(book: Ledger, *resources: Resource, adopted: bool = False) -> None:
    """What a run says to the ledger when it makes or changes these."""
    for resource in resources:
        change = Change(resource, {} if adopted else None, resource.desired())
        book.note(change)
        book.settle(change)


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def old(request, tmp_path):
    """A machine with the ledger of an older release, and with nothing of what it lists."""
    host = FakeHost(tmp_path, {"userdel": (6, "userdel: no such user"), "rm -rf": ""})
    host.mkdir(layout.STATE)
    host.put(layout.LEDGER, request.param.read_text())
    return host


def test_what_is_kept_of_each_kind():
    kept = {kind: set(fields_kept(made("x"))) for kind, made in KINDS.items()}
    assert kept == {kind: {"name", *fields} for kind, fields in KEPT.items()}
    assert VERSION == 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_entry_of_an_older_release_can_be_made_again(file):
    for id_, entry in json.loads(file.read_text())["resources"].items():
        again = KINDS[entry["kind"]](**entry["fields"])
        assert resource_id(again) == id_
        assert entry["fields"].keys() <= {field.name for field in dataclasses.fields(again)}
        assert fields_kept(again) == fields_kept(again) | entry["fields"]


def test_what_an_older_release_made_is_removed(old):
    """Nothing of it stands on this machine: each kind's removal finds that out by itself."""
    book = Ledger(old, layout.LEDGER)
    listed = len(book)
    assert book.installed
    assert listed > 50
    mine = book.unwanted([])
    outcome = Run([], old, book, Silent()).remove(mine)
    assert outcome.failed == {}
    assert Ledger(old, layout.LEDGER).unwanted([]) == []


def test_people_and_groups_of_an_older_release_stay(old):
    """They stand on the machine, nobody wants them any more, and no plan names them."""
    old.put("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n")
    old.put("/etc/group", "root:x:0:\nalice:x:1000:\ndocker:x:101:\n")
    book = Ledger(old, layout.LEDGER)
    left = [resource for resource in book.unwanted([]) if resource.stays]
    ids = {resource_id(resource) for resource in left}
    assert {"person:alice", "group:docker"} <= ids
    assert not ids & {change.id for change in plan([], old, book)}
    assert Run([], old, book, Silent()).remove(left).done == []
    assert "alice" in old.text("/etc/passwd")
    assert "docker" in old.text("/etc/group")
    assert "person:alice" not in Ledger(old, layout.LEDGER)


def test_a_release_keeps_its_ledgers():
    """One that is not made yet (.dev0) has until then."""
    needed = set() if __version__.endswith(".dev0") else {f"{__version__}-{manager}" for manager in ledgers.MANAGERS}
    assert needed <= {file.stem for file in FILES}
    assert len(FILES) >= len(ledgers.MANAGERS)


def test_together_they_list_every_kind(tmp_path):
    for manager in ledgers.MANAGERS:
        (tmp_path / manager).write_text(ledgers.ledger(manager))
    listed = [entry for file in tmp_path.iterdir() for entry in json.loads(file.read_text())["resources"].values()]
    assert {entry["kind"] for entry in listed} == set(KINDS)


def test_one_of_a_newer_hubinstall_is_refused_and_stays(old):
    content = json.loads(old.text(layout.LEDGER)) | {"version": VERSION + 1}
    content["resources"]["gadget:x"] = {"kind": "gadget", "fields": {"name": "x"}, "adopted": False}
    old.put(layout.LEDGER, json.dumps(content))
    with pytest.raises(UserError, match="was written by a newer hubinstall") as refused:
        Ledger(old, layout.LEDGER)
    assert "Install that version of hubinstall or a newer one" in refused.value.hint
    assert json.loads(old.text(layout.LEDGER)) == content


@pytest.mark.parametrize("version", ['"1"', "null", "{}"])
def test_a_version_that_is_none_is_a_damaged_ledger(old, version):
    old.put(layout.LEDGER, f'{{"version": {version}, "installed": true, "resources": {{}}}}')
    with pytest.raises(UserError, match="cannot be read"):
        Ledger(old, layout.LEDGER)


def test_it_is_roots_alone_in_a_folder_that_services_may_enter(host):
    changed(Ledger(host, layout.LEDGER), A)
    assert (host.stat(layout.LEDGER).mode, host.stat(layout.STATE).mode) == ("0600", "0711")


def test_the_file_is_what_later_releases_read(host):
    """Another form needs another VERSION, and a reader of this one."""
    book = Ledger(host, layout.LEDGER)
    changed(book, A)
    changed(book, B, adopted=True)
    entries = {
        f"file:{file.name}": {
            "kind": "file",
            "fields": {"name": file.name, "rereads": ""},
            "adopted": adopted,
            "since": "new",
            "state": file.desired(),
        }
        for file, adopted in ((A, False), (B, True))
    }
    assert json.loads(host.text(layout.LEDGER)) == {"version": VERSION, "installed": False, "resources": entries}


def test_new_is_what_was_made_since_an_apply_came_to_its_end(host):
    """A rollback removes that, and nothing that worked before."""
    book = Ledger(host, layout.LEDGER)
    changed(book, A)
    book.finish()
    changed(book, A, B)
    assert book.unwanted([], new=True) == [File("/etc/b")]
    assert book.unwanted([B], new=True) == []
    for now in (book, Ledger(host, layout.LEDGER)):
        now.finish()
        assert now.unwanted([], new=True) == []
        assert now.unwanted([]) == [File("/etc/b"), File("/etc/a")]


def test_after_a_rollback_only_what_was_not_touched_stands_as_it_was_left(host):
    book = Ledger(host, layout.LEDGER)
    changed(book, A, B)
    book.finish()
    changed(book, A)
    book.note(Change(File("/etc/never-done"), None, {}))
    book.unsettle()
    for now in (book, Ledger(host, layout.LEDGER)):
        assert [now.last(r) for r in (A, B, File("/etc/never-done"))] == [None, B.desired(), None]


def test_an_apply_that_found_all_as_desired_is_an_installation_too(host):
    Ledger(host, layout.LEDGER).finish()
    assert Ledger(host, layout.LEDGER).installed is True
    written = host.path(layout.LEDGER).stat().st_mtime_ns
    Ledger(host, layout.LEDGER).finish()
    assert host.path(layout.LEDGER).stat().st_mtime_ns == written, "a run that changes nothing writes nothing"


def test_fields_that_change_are_kept_as_they_are_now(host):
    """By what is kept a removal knows what to do, also where nothing else has changed."""
    changed(book := Ledger(host, layout.LEDGER), A, B)
    changed(book, other_a := dataclasses.replace(A, rereads="/run/a.pid"))
    book.agree(other_b := dataclasses.replace(B, rereads="/run/b.pid"))
    again = Ledger(host, layout.LEDGER)
    assert [fields_kept(r) for r in again.unwanted([])] == [fields_kept(other_b), fields_kept(other_a)]


def test_what_is_as_it_was_left_is_not_written_again(host):
    changed(book := Ledger(host, layout.LEDGER), A)
    written = host.path(layout.LEDGER).stat().st_mtime_ns
    book.agree(A)
    book.agree(B)
    assert host.path(layout.LEDGER).stat().st_mtime_ns == written
    assert len(book) == 1


def test_one_that_cannot_be_read_and_was_never_copied_may_be_moved_away(host):
    changed(Ledger(host, layout.LEDGER), A)
    host.put(layout.LEDGER, '{"installed": true, "resou')
    with pytest.raises(UserError, match=r"ledger\.json cannot be read") as raised:
        Ledger(host, layout.LEDGER)
    assert "move it away" in raised.value.hint
    assert ".last" not in raised.value.hint
