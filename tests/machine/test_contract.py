"""The contract of all kinds of resources (tests/contract) on a machine; the unit tests run the same on a fake host."""

import json

import pytest

from contract.cases import under
from harness import installed
from harness.machine import Machine
from harness.nspawn import ProcessManager

pytestmark = pytest.mark.one_kind

PYTHON = "/opt/hubinstall/installer/bin/python3"
MANAGERS = {ProcessManager.SYSTEMD: "systemd", ProcessManager.PLAIN: "supervisor"}


def test_every_kind_keeps_its_contract(installed_machine: Machine) -> None:
    machine, manager = installed_machine, MANAGERS[installed_machine.process_manager]
    installed.add_person(machine, "joan", "spacecraft-1961")
    machine.push_checkout()
    images = "docker images --quiet --no-trunc hubinstall/default"
    ours = machine.run(images).out
    printed = machine.run([PYTHON, "-m", "contract", manager], env={"PYTHONPATH": "/root/hubinstall/tests"}).out
    tried = {trial["kind"]: trial for trial in map(json.loads, printed.splitlines())}
    for kind, trial in tried.items():
        print(f"{kind}: {trial['seconds']} s, {', '.join(trial['kept'])}")
    assert "\n".join(f"{kind}: {trial['failed']}" for kind, trial in tried.items() if trial["failed"]) == ""
    assert tried.keys() == under(manager).keys()
    installed.cold_start(machine)  # the supervisord that was tried was the installation's
    machine.run(["hubinstall", "apply"])
    assert machine.run(images).out == ours, "what was removed was another's"
    assert installed.plan(machine) == []
