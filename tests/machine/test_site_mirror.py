"""A site whose mirror of Python and Node packages, at a private address and without TLS, is all that it reaches."""

from collections.abc import Iterator

import pytest

from harness import installed, site_mirror
from harness.machine import Machine
from harness.site_mirror import SiteMirror
from harness.waiting import soon

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

NODE = "/opt/hubinstall/node"
ITS_REGISTRY = f"{NODE}/bin/node {NODE}/lib/node_modules/npm/bin/npm-cli.js config get registry"
MODULES = "/opt/hubinstall/trees/proxy-"
CELL = """
import subprocess
line = "pip download -q --no-deps -d /tmp/six six && ls /tmp/six"
print(subprocess.run(line, shell=True, capture_output=True, text=True))
"""


@pytest.fixture(scope="module")
def mirror(installed_machine: Machine) -> Iterator[SiteMirror]:
    with site_mirror.only_way_out(installed_machine, installed_machine.run(ITS_REGISTRY).out.strip()) as standing:
        yield standing


@pytest.fixture(scope="module")
def site(mirror: SiteMirror, installed_machine: Machine) -> Machine:
    keys = f"network.pip_index {mirror.index} network.npm_registry {mirror.registry}"
    installed_machine.run(f"hubinstall config set {keys} --apply", timeout=600)
    return installed_machine


def test_packages_for_everybody_and_for_the_hub_come_from_it(site: Machine, mirror: SiteMirror) -> None:
    site.run("hubinstall environment add tinydb", env={"UV_CACHE_DIR": ""}, timeout=900)
    site.run("hubinstall config set hub.packages '[iniconfig]' --apply", env={"UV_CACHE_DIR": ""}, timeout=900)
    for file in ("/tinydb-", "/iniconfig-"):
        assert any(file in line for line in mirror.seen()), file


def test_the_proxys_modules_come_from_it(site: Machine, mirror: SiteMirror) -> None:
    site.run(f"rm -r {MODULES}*", timeout=60)
    site.run("hubinstall apply", timeout=600)
    assert any("/npm/" in line and line.endswith(".tgz") for line in mirror.seen())
    assert installed.plan(site) == []


def test_pip_in_a_server_reaches_it(site: Machine, mirror: SiteMirror) -> None:
    """It is opened at its port alone."""
    with installed.client(site) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        said = grace.run_cell(CELL)
        assert "six-" in said, said
        assert soon(lambda: any("/six-" in line for line in mirror.seen()))
        another = (mirror.address, site_mirror.ANOTHER)
        assert site.run(f"curl -sS http://{another[0]}:{another[1]}/simple/six/").out, "from the machine it is there"
        closed = f"import socket; print(socket.socket().connect_ex({another}) == 0)"
        assert grace.run_cell(closed) == "False\n"
        grace.stop_server()


def test_a_wrong_one_is_named_by_its_setting(site: Machine, mirror: SiteMirror) -> None:
    site.run(f"hubinstall config set network.pip_index http://{mirror.address}:9/simple --apply", timeout=600)
    refused = site.run("hubinstall environment add roman", env={"UV_CACHE_DIR": ""}, check=False, timeout=600)
    assert refused.code == 1
    assert "network.pip_index" in refused.err
