"""A disk with the homes and the hub's state that somebody has filled to the last byte: those who were here go on."""

from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall import layout
from hubinstall.verify.client.errors import HubError

pytestmark = pytest.mark.one_kind

NEWCOMER, PASSWORD = "henry", "tern-lagoon-1822"
SMALL = f"""set -e
mount -t tmpfs -o size=32m,mode=700 tmpfs /mnt
cp -a {layout.HUB_STATE}/. /mnt/
chown --reference={layout.HUB_STATE} /mnt
mount --bind /mnt {layout.HUB_STATE} && umount /mnt
hubinstall restart jupyterhub
"""
"""The hub's state on a small disk of its own, which stands for one that is all full."""
FILL = f"cat /dev/zero > {layout.HUB_STATE}/full; df --output=avail {layout.HUB_STATE}"


@pytest.fixture
def full_disk(installed_machine: Machine) -> Iterator[Machine]:
    with installed.client(installed_machine) as client:  # she was here before
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        client.stop_server()
    installed.add_person(installed_machine, NEWCOMER, PASSWORD)
    installed_machine.run(SMALL)
    installed.wait_for_login_page(installed_machine)
    filled = installed_machine.run(FILL, check=False)
    assert "No space left on device" in filled.err
    assert filled.out.split() == ["Avail", "0"]
    yield installed_machine
    installed_machine.run(f"umount --lazy {layout.HUB_STATE}; hubinstall restart jupyterhub; deluser -q {NEWCOMER}")
    installed.wait_for_login_page(installed_machine)


def test_those_who_were_here_log_in_and_work(full_disk: Machine) -> None:
    at_work(full_disk)
    full_disk.run("hubinstall restart jupyterhub")
    installed.wait_for_login_page(full_disk)
    at_work(full_disk)
    with installed.client(full_disk) as client:
        client.login(NEWCOMER, PASSWORD)
        with pytest.raises(HubError, match="No space left on device"):
            client.start_server()


def at_work(machine: Machine) -> None:
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("print(6 * 7)").endswith("42\n")
        client.stop_server()
