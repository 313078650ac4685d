"""Files of ours that a hand or a disk has damaged: each has words and a way out."""

import json

import pytest

from fakes.host import FakeHost
from fakes.resources import Silent, Toy
from hubinstall import layout
from hubinstall.engine.journal import Journal
from hubinstall.engine.ledger import LAST, Ledger
from hubinstall.engine.run import Run
from hubinstall.errors import UserError
from hubinstall.people import importing
from hubinstall.preflight import checks
from hubinstall.resources import kinds
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.docker.pulled_image import PulledImage
from hubinstall.resources.files.json_keys import JsonKeys


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_an_index_that_was_cut_off_says_what_to_do(host):
    host.put(f"{layout.GENERATIONS}/000007/index.json", '{"/etc/x": {"ki')
    with pytest.raises(UserError, match=r"000007/index\.json cannot be read") as caught:
        Journal(host)
    assert f"Move {layout.GENERATIONS}/000007 away" in caught.value.hint


def test_a_damaged_ledger_is_brought_back_by_the_command_that_is_named(host, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "toy", Toy)
    host.path(layout.STATE).mkdir(parents=True)
    ledger = Ledger(host, layout.LEDGER)
    Run([Toy("a")], host, ledger, Silent()).apply()
    ledger.finish()
    host.put(layout.LEDGER, host.text(layout.LEDGER)[:40])
    with pytest.raises(UserError) as caught:
        Ledger(host, layout.LEDGER)
    assert f"`cp {layout.LEDGER}{LAST} {layout.LEDGER}`" in caught.value.hint
    host.put(layout.LEDGER, host.text(layout.LEDGER + LAST))
    again = Ledger(host, layout.LEDGER)
    assert again.installed
    assert "toy:a" in again


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "7", "{}", '{"resources": 7}'])
def test_whose_hub_it_is_a_damaged_ledger_does_not_say(host, content):
    host.put(f"{layout.SYSTEMD_UNITS}/jupyterhub.service", "[Service]")
    assert len(list(checks._other_hubs(host))) == 1
    host.put(layout.LEDGER, '{"resources": {"unit:/other": {}}}')
    assert len(list(checks._other_hubs(host))) == 1
    host.put(layout.LEDGER, content)
    assert list(checks._other_hubs(host)) == []


@pytest.mark.parametrize("content", ["{", "[1, 2]", "7", "\0\0", '{"keys": 1}', '{"keys": null, "/x": {}}'])
def test_a_damaged_file_of_ours_has_words(host, content):
    before = f"{layout.STATE}/daemon.json.before"
    for path, asks in (
        (f"{layout.GENERATIONS}/000007/index.json", lambda: Journal(host)),
        (layout.INITIAL_PASSWORDS, lambda: first_passwords.to_print_once(host)),
        (layout.PEOPLE_IMPORT, lambda: importing.unfinished(host)),
        (before, lambda: JsonKeys("/etc/docker/daemon.json", {"live-restore": True}, before).remove(host)),
    ):
        host.put(path, content)
        with pytest.raises(UserError, match=f"{path} cannot be read") as caught:
            asks()
        assert "Move " in caught.value.hint
        host.remove(path)
    image = PulledImage("quay.io/a/b", pin=f"{layout.STATE}/pin")
    host.put(image.pin, content)
    assert image._pinned(host) == {}


WHOLE = {"file": ("mode", "owner", "group", "copy"), "dir": ("mode", "owner", "group"), "link": ("target",)}
"""Kind → what an entry of the journal must say: without an owner a file would become root's, without a copy empty."""


@pytest.mark.parametrize(
    "entry",
    [
        *({"kind": kind} | {k: "0" for k in keys if k != key} for kind, keys in WHOLE.items() for key in keys),
        {"kind": "fifo"},
        {},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_put_back_is_named(host, entry):
    host.put(f"{layout.GENERATIONS}/000007/index.json", json.dumps({"/etc/passwd": entry}))
    with pytest.raises(UserError, match=r"index\.json cannot be read: /etc/passwd"):
        Journal(host)
