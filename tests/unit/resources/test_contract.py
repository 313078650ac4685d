"""The contract of all kinds of resources (tests/contract), on the fake host; the machine suite runs the same."""

import tempfile
from pathlib import Path

import pytest

from contract.cases import under
from contract.services import NAME
from contract.steps import Trial
from fakes.contract_host import complete
from fakes.process_managers import SupervisorMachine, SystemdMachine
from hubinstall import layout
from hubinstall.engine.ledger import Ledger
from hubinstall.resources.files.file import File
from hubinstall.resources.kinds import KINDS

MANAGERS = {"systemd": SystemdMachine, "supervisor": SupervisorMachine}
EACH = [*(("systemd", kind) for kind in under("systemd")), ("supervisor", "service"), ("supervisor", "supervisord")]


@pytest.fixture
def host(manager, monkeypatch):
    monkeypatch.setattr("hubinstall.resources.services.service.EVERY", 0.001)
    monkeypatch.setattr(layout, "SERVICES", (*layout.SERVICES, NAME))
    # Not pytest's own folder: a unix socket's path has at most 107 bytes (unix(7)).
    with tempfile.TemporaryDirectory() as folder:
        machine = MANAGERS[manager](Path(folder))
        yield complete(machine)
        if manager == "supervisor":
            machine.server.shutdown()
            machine.server.server_close()


def test_every_kind_has_a_case():
    assert {kind for manager in MANAGERS for kind in under(manager)} == set(KINDS)


@pytest.mark.parametrize(("manager", "kind"), EACH)
def test_contract(host, manager, kind):
    case = under(manager)[kind](host)
    assert case.kind == kind
    Trial(case, host).run()


SABOTAGE = {
    "a removal that leaves it": (File, "remove", lambda self, host: None),
    "a removal that cannot be repeated": (File, "remove", lambda self, host: host.path(self.name).unlink()),
    "a change that forgets the mode": (File, "apply", lambda self, host, change: host.write(self.name, self.data)),
    "a look that does not see the owner": (
        File,
        "actual",
        lambda self, host, look=File.actual: (found := look(self, host)) and found | {"owner": "root"},
    ),
    "a wish with a key that nobody tries": (
        File,
        "desired",
        lambda self, wish=File.desired: wish(self) | {"colour": "green"},
    ),
    "a list that takes what it found for its own": (
        Ledger,
        "note",
        lambda self, change: self._put(change.resource, {"adopted": False}),
    ),
}


@pytest.mark.parametrize("manager", ["systemd"])
@pytest.mark.parametrize("fault", SABOTAGE)
def test_a_kind_that_breaks_its_contract_is_found(host, manager, fault, monkeypatch):
    monkeypatch.setattr(*SABOTAGE[fault])
    with pytest.raises((AssertionError, FileNotFoundError)):
        Trial(under(manager)["file"](host), host).run()
