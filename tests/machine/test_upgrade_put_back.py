"""An upgrade that does not work is put back: people are let in by the hub that was there before."""

import pytest

from harness import installed, last_release
from harness.machine import Machine

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

FAULT = 'raise RuntimeError("a fault of this release")'
GROUPS = "id --name --groups jupyterhub"


def test_a_release_whose_hub_does_not_start_leaves_the_one_before(released: Machine) -> None:
    groups = released.run(GROUPS).out
    released.run("rm -r hubinstall")
    released.push_checkout()
    released.run(f"sed -i '1i {FAULT}' hubinstall/src/hubinstall/hubside/hub.py")
    last_release.install_tool(released)
    failed = released.run(last_release.UPGRADE, check=False)
    assert failed.code == 1
    assert "The machine is back as it was when everything last worked." in failed.err
    assert released.run(GROUPS).out == groups
    with installed.client(released) as client:
        client.login(last_release.PEOPLE[0], last_release.PASSWORD)
        client.start_server()
        assert client.run_cell("print(6 * 7)") == "42\n"
