"""The end of an uninstall: what failed keeps the tool and the ledger, and the last of all is one process."""

import pytest

from fakes.host import FakeHost
from fakes.resources import Silent, Toy
from hubinstall import layout
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Run
from hubinstall.errors import UserError
from hubinstall.installation import uninstall
from hubinstall.resources import kinds


class Stuck(Toy):
    kind = "stuck"

    def remove(self, host):
        raise UserError("it is in use", "end what uses it")


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "toy", Toy)
    monkeypatch.setitem(kinds.KINDS, "stuck", Stuck)
    host = FakeHost(tmp_path, {"sh -c": ""})
    host.mkdir(layout.STATE)
    host.mkdir(layout.CONFIG_DIR)
    return host


def installed(host, *wished):
    Run(list(wished), host, Ledger(host, layout.LEDGER), Silent()).apply()


def test_newest_first_then_tool_and_ledger_in_one_process(host):
    installed(host, Toy("a"), Toy("b", needs=("toy:a",)))
    outcome = uninstall.uninstall(host, Silent())
    assert [change.id for change in outcome.done] == ["toy:b", "toy:a"]
    assert host.commands[-1].endswith(f"{layout.LOGS} {layout.STATE} {layout.PROGRAMS}")
    assert not host.exists(layout.CONFIG_DIR)


def test_what_fails_is_named_and_the_rest_goes_but_not_the_tool(host):
    installed(host, Toy("a"), Stuck("b"), Toy("c"))
    with pytest.raises(UserError, match="stuck:b"):
        uninstall.uninstall(host, Silent())
    assert not host.exists("/etc/a")
    assert list(Ledger(host, layout.LEDGER).unwanted([])) == [Stuck("b")]
    assert not any(command.startswith("sh -c") for command in host.commands)


def test_a_persons_settings_stay(host):
    host.put(layout.CONFIG_FILE, "domain: hub.example.org\n")
    uninstall.uninstall(host, Silent())
    assert host.text(layout.CONFIG_FILE) == "domain: hub.example.org\n"
