"""The documented minimum: 1 GB of memory, from nothing to a cell, and through a cold boot."""

from collections.abc import Callable

from harness import installed
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall.client import HubClient

GIB = 1 << 30


def test_one_gigabyte_is_enough_and_a_cold_boot_brings_it_back(
    boot: Callable[[Machine], Machine], process_manager: ProcessManager
) -> None:
    machine = boot(Machine(process_manager, memory=GIB))
    installed.install(machine)
    installed.add_person(machine)
    log_in_and_run(machine)
    machine.reboot(power_cut=True)
    installed.cold_start(machine)
    log_in_and_run(machine)
    assert installed.plan(machine) == []


def log_in_and_run(machine: Machine) -> None:
    with HubClient(f"https://{machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("import numpy; print(numpy.arange(4).sum())") == "6\n"
        client.stop_server()
