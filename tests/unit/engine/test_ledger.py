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
from hubinstall.resources.base import resource_id
from hubinstall.resources.kinds import KINDS

KEPT = {
    "account": {"uid_min"},
    "acme-certificate": set(),
    "directory": {"whole"},
    "docker-network": {"bridge", "label"},
    "docker-setting": set(),
    "file": {"rereads"},
    "firewall-table": {"loaded"},
    "group": set(),
    "image": set(),
    "image-root": set(),
    "json-keys": {"keys", "before", "pid_file"},
    "kernel-setting": {"value", "module"},
    "link": set(),
    "node-modules": set(),
    "packages": set(),
    "person": set(),
    "pulled-image": {"tag", "pin"},
    "secret": {"readers"},
    "self-signed-certificate": {"key"},
    "served-certificate": set(),
    "service": {"manager", "distribution", "undo"},
    "share": {"uid_min", "uid_max"},
    "static-files": set(),
    "supervisord": set(),
    "tree": set(),
    "unit": {"reloads"},
    "unlinked": {"target", "program"},
    "virtualenv": set(),
}
"""Kind → what is kept besides the name. An older hubinstall cannot read more: raise VERSION with any addition."""
FILES = sorted(ledgers.FOLDER.glob("*.json"))


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
    assert VERSION == 1


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
