"""The contract of all kinds of resources (tests/contract), on the fake host; the machine suite runs the same."""

import tempfile
from pathlib import Path

import pytest
from contracthost import complete
from fakemanagers import SupervisorMachine, SystemdMachine

from contract.cases import under
from contract.services import NAME
from contract.steps import Trial
from hubinstall import layout
from hubinstall.resources import KINDS

MANAGERS = {"systemd": SystemdMachine, "supervisor": SupervisorMachine}
EACH = [*(("systemd", kind) for kind in under("systemd")), ("supervisor", "service"), ("supervisor", "supervisord")]


@pytest.fixture
def host(manager, monkeypatch):
    monkeypatch.setattr("hubinstall.resources.services.EVERY", 0.001)
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
