"""An uninstall that is killed, repeated, or has nothing to take off. What it leaves is in test_first_light.py."""

import json
import re
from collections.abc import Callable

import pytest

from harness import installed, remains
from harness.commands import Result
from harness.machine import Machine
from harness.manifest import Manifest, diff, manifest
from harness.nspawn import ProcessManager
from hubinstall import layout

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

# As nsenter says it, whichever of the two processes it is that sees the kill.
KILLED = (137, -9)
# Before, amid and after a step; programs, folders, what Docker has, accounts.
SERVERS_END = ("service:jupyterhub:after", "docker-network:hubinstall:mid")
KILLS = (
    "image:hubinstall/default:before",
    "service:hubinstall-firewall:after",
    "file:/etc/nginx/conf.d/hubinstall.conf:before",
    "directory:/var/lib/hubinstall/hub:mid",
    "account:jupyterhub:mid",
    "account:jupyterhub-proxy:after",
)
LAST_KILL = "tool:mid"
TOOL = r"/opt/hubinstall(/installer|/trees(/installer-.*)?)?|/usr/local/bin/hubinstall"


def files(machine: Machine) -> Manifest:
    """Without what the hub that runs notes by itself: when its services and people were last active."""
    return manifest(machine, ["/var/lib/docker", layout.HUB_DATABASE, f"{layout.HUB_DATABASE}-journal"])


def uninstall(machine: Machine, crash_at: str = "") -> Result:
    environment = {"HUBINSTALL_CRASH_AT": crash_at} if crash_at else {}
    return machine.run(["hubinstall", "uninstall", "--yes"], check=False, env=environment)


def noted(machine: Machine) -> list[str]:
    """What the ledger lists."""
    return list(json.loads(machine.read("/var/lib/hubinstall/ledger.json"))["resources"])


def test_without_yes_nothing_happens(installed_machine: Machine) -> None:
    before, started = files(installed_machine), installed.starts(installed_machine)
    asked = installed_machine.run(["hubinstall", "uninstall"], check=False)
    assert asked.code == 2
    assert "--yes" in asked.err
    assert str(diff(before, files(installed_machine))) == ""
    assert installed.starts(installed_machine) == started


def test_killed_again_and_again_it_goes_on_until_all_is_gone(installed_machine: Machine) -> None:
    machine = installed_machine
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
    newest_first = list(reversed(noted(machine)))
    left = len(newest_first)
    for kill in (*SERVERS_END, *sorted(KILLS, key=lambda kill: newest_first.index(kill.rpartition(":")[0]))):
        done = uninstall(machine, kill)
        assert done.code in KILLED, f"{kill}: {done}"
        assert len(noted(machine)) <= left, f"{kill}: the run before had come further"
        left = len(noted(machine))
    # The last of all is a process of its own, which the kill does not reach.
    assert uninstall(machine, LAST_KILL).code in KILLED
    machine.run("until [ ! -e /opt/hubinstall ]; do sleep 0.1; done", timeout=60)
    assert remains.traces(machine) == {}
    assert not machine.exists("/var/lib/hubinstall")


def test_half_a_tool_is_mended_by_bootstrap_and_then_goes(installed_machine: Machine) -> None:
    """As after a power cut in the very last step; --help shows that the tool is whole."""
    machine = installed_machine
    installed.install(machine)
    machine.run("rm /opt/hubinstall/trees/installer-*/.sealed && rm -r /opt/hubinstall/trees/installer-*/lib")
    assert uninstall(machine).code != 0
    installed.install(machine)
    assert uninstall(machine).code == 0
    assert remains.traces(machine) == {}


def test_nothing_installed_but_the_tool(boot: Callable[[Machine], Machine], process_manager: ProcessManager) -> None:
    """Bootstrap ends before the first step when the settings are bad, and has made no more than its own tool."""
    machine = boot(Machine(process_manager))
    machine.push_checkout()
    machine.write("/etc/hubinstall/config.yaml", "limits: {memory: much}\n")
    before = manifest(machine)
    refused = machine.run(["python3", "hubinstall/installer/bootstrap.py"], check=False)
    assert refused.code == 78
    assert "/etc/hubinstall/config.yaml:1:18: limits.memory: " in refused.err
    assert "Traceback" not in refused.err
    assert [path for path in remains.unexplained(machine, before) if not re.fullmatch(TOOL, path)] == []
    assert machine.read("/etc/hubinstall/config.yaml") == "limits: {memory: much}\n"
    assert uninstall(machine).code == 0
    assert remains.traces(machine) == {}
