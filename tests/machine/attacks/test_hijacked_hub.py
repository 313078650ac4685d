"""Somebody who has taken over the hub's process: with its account, and all that it may open."""

import json

import pytest

from harness import inside, installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

SCRIPT = "/tmp/hijack.py"
DOCKER, BROKER = "/run/docker.sock", "/run/hubinstall/broker/docker.sock"
# What a program of the hub's own account does, without the sandbox of its unit.
AS_HUB = (
    "cd / && setpriv --reuid jupyterhub --regid jupyterhub {groups} --no-new-privs env"
    " PYTHONPATH=/opt/hubinstall/hubside /opt/hubinstall/hub/bin/python3 {script} {socket} grace"
)
ROOT_AGAIN = (
    "docker -H unix://{socket} run --rm --user 0:0 -v /:/host --entrypoint cat $(docker images -q hubinstall/default |"
    " head -1) /host/etc/shadow"
)


@pytest.fixture(scope="module")
def hijacked(installed_machine: Machine) -> Machine:
    installed_machine.write(SCRIPT, inside.HIJACK.read_text())
    image = "$(docker images -q hubinstall/default | head -1)"
    installed_machine.run(f"docker tag {image} site/other:1")
    installed_machine.run(f"docker run -d --name other --network none --entrypoint sleep {image} 3600")
    return installed_machine


def tried(machine: Machine, socket: str, groups: str = "--init-groups") -> dict[str, str]:
    run = machine.run(AS_HUB.format(groups=groups, script=SCRIPT, socket=socket), check=False)
    assert run.code == 0, run.err
    found: dict[str, str] = json.loads(run.out.splitlines()[-1])
    return found


def test_with_dockers_own_socket_and_its_group_the_door_is_open(hijacked: Machine) -> None:
    """What the hub had before: the same account in one more group reads the passwords of the machine."""
    as_hub = "setpriv --reuid jupyterhub --regid jupyterhub --groups docker -- sh -c '{}'"
    assert "root:" in hijacked.run(as_hub.format(ROOT_AGAIN.format(socket=DOCKER))).out
    closed = hijacked.run(f"setpriv --reuid jupyterhub --regid jupyterhub --init-groups -- curl -s -m 5"
                          f" --unix-socket {DOCKER} http://x/version", check=False)  # fmt: skip
    assert (closed.code, closed.out) == (7, ""), "it cannot connect"
    assert "docker" not in hijacked.run("id -nG jupyterhub").out.split()
    groups = hijacked.run("grep ^Groups: /proc/$(pgrep -of hubinstall.hubside.hub)/status").out.split()[1:]
    assert hijacked.run("getent group docker | cut -d : -f 3").out.strip() not in groups, "nor does the hub that runs"


def test_the_broker_admits_servers_of_people_and_nothing_else(hijacked: Machine) -> None:
    found = tried(hijacked, BROKER)
    needed = {name: said for name, said in found.items() if name.startswith("+")}
    for name, said in needed.items():
        assert said == "admitted", name
    refused = found.keys() - needed.keys()
    assert len(refused) >= 70
    for name in refused:
        assert found[name] != "admitted", name
    assert hijacked.run("docker inspect --format '{{.State.Running}}' other").out.strip() == "true"
    assert "site/other" in hijacked.run("docker images").out
    assert "spawner.allow.docker" in found["capability"]


def test_others_cannot_open_the_brokers_socket(hijacked: Machine) -> None:
    ask = f"curl -s -m 5 --unix-socket {BROKER} http://x/version"
    assert "ApiVersion" in hijacked.run(ask).out
    for account in ("grace", "www-data", "jupyterhub-proxy", "nobody"):
        asked = hijacked.run(["runuser", "-u", account, "--", "sh", "-c", ask], check=False)
        assert (asked.code, asked.out) == (7, ""), account


def test_servers_go_on_while_the_broker_is_killed(hijacked: Machine, grace: HubClient) -> None:
    hijacked.run("kill -KILL $(pgrep -of hubinstall.broker)")
    assert installed.server_answers(grace)
    grace.stop_server()
    grace.start_server()
    grace.stop_server()
