"""What programs say that give advice about security, and what our pages say of it."""

import json
import re
from typing import Any

import pytest

from checkout_path import CHECKOUT
from harness import installed
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall.verify.client.hub import HubClient

SAID = re.compile(r"`([A-Z]\w+(?:\.\w+)*)` is (?:empty|`([^`]*)`)|`([^`]+)` is one of `([A-Z][\w.]+)`")
ROW = re.compile(r"^\| ([25]\.\d+) \|.*$", re.MULTILINE)
EXPOSURE = re.compile(r"Overall exposure level for (\S+)\.service: ([\d.]+)")


def page(name: str) -> str:
    return (CHECKOUT / "docs/explanation" / name).read_text()


def value(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found[name]
    return found


def test_docker_is_as_the_page_says(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    info = json.loads(machine.run("docker info --format '{{json .}}'").out)
    [server] = json.loads(machine.run(["docker", "inspect", installed.container(grace.user)]).out)
    rows = {match[1]: match[0] for match in ROW.finditer(page("docker-bench.md"))}
    assert list(rows) == [*(f"2.{n}" for n in range(1, 19)), *(f"5.{n}" for n in range(1, 33))]
    as_advised = sum("| as advised" in row for row in rows.values())
    assert f"**{as_advised} of {len(rows)} are as advised" in page("docker-bench.md")
    checked = 0
    for number, row in rows.items():
        for path, words, member, of in SAID.findall(row):
            found = value(info if number.startswith("2.") or number == "5.1" else server, path or of)
            if member:
                assert member in found, number
            elif not words:
                assert not found, number
            else:
                assert (found if isinstance(found, str) else json.dumps(found)) == words, number
            checked += 1
    print(f"{checked} values of {len(rows)} checks")
    assert checked >= 17
    assert info["SecurityOptions"]
    assert machine.run("ss -Hltnp | grep dockerd", check=False).out == "", "2.7"
    tree = machine.run(["docker", "top", installed.container(grace.user)]).out
    assert "sshd" not in tree, "5.7"
    assert not any(mount["Propagation"].endswith("shared") for mount in server["Mounts"]), "5.20"
    assert {m["Destination"] for m in server["Mounts"] if m["RW"]} == {f"/home/{grace.user}"}, "5.6"
    assert "Healthcheck" not in server["Config"], "5.27"


def test_units_are_no_more_exposed_than_the_page_says(installed_machine: Machine) -> None:
    machine = installed_machine
    if machine.process_manager is not ProcessManager.SYSTEMD:
        pytest.skip("systemd's sandbox of services")
    table = [line.split("|")[1:4] for line in page("security.md").splitlines() if line.startswith("| `")]
    said = {
        name: float(row[2])
        for row in table
        if re.fullmatch(r" [\d.]+ ", row[2])
        for name in re.findall("`(.*?)`", row[0])
    }
    release = machine.run(". /etc/os-release; echo $VERSION_ID").out.strip()
    more = 0.0 if release == "12" else 0.1
    names = machine.run("cd /etc/systemd/system; ls -d hubinstall-*.service jupyterhub*.service").out.split()
    assert {name.removesuffix(".service") for name in names} <= said.keys()
    analyzed = machine.run(f"for unit in {' '.join(names)}; do systemd-analyze security --no-pager $unit; done").out
    found = {name: float(exposed) for name, exposed in EXPOSURE.findall(analyzed)}
    print(found)
    assert len(found) == len(names)
    for name, exposed in found.items():
        assert exposed <= said[name] + more, name
