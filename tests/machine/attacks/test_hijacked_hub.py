"""Somebody who has taken over the hub's process: with its account, and all that it may open."""

import json
import re
from typing import Any

import pytest

from harness import inside, installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

SCRIPT, ASK = "/tmp/hijack.py", "/tmp/ask_helper.py"
ASK_ONCE = """
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    try:
        line.sendall(b'{"ask": "states", "names": ["grace"]}' + bytes([10]))
        print(line.recv(1000))
    except (BrokenPipeError, ConnectionResetError):
        print(b"")
"""
DOCKER, BROKER = "/run/docker.sock", "/run/hubinstall/broker/docker.sock"
HELPER = "/run/hubinstall/accounts/accounts.sock"
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


@pytest.fixture(scope="module")
def told(hijacked: Machine) -> dict[str, Any]:
    """What the hub's account gets from the accounts helper about grace, whose password somebody guesses at."""
    hijacked.write(ASK, inside.ASK_HELPER.read_text())
    as_hub = "cd / && setpriv --reuid jupyterhub --regid jupyterhub --init-groups --no-new-privs"
    run = hijacked.run(f"{as_hub} /usr/bin/python3 {ASK} {HELPER} grace {installed.PERSON_PASSWORD}")
    found: dict[str, Any] = json.loads(run.out.splitlines()[-1])
    print(found)
    return found


def test_with_the_group_shadow_the_hashes_were_open_and_now_they_are_not(
    hijacked: Machine, told: dict[str, Any]
) -> None:
    """What the hub had before: the same account in one more group reads them all."""
    before = hijacked.run("setpriv --reuid jupyterhub --regid jupyterhub --groups shadow -- cat /etc/shadow").out
    assert re.search(r"^grace:\$", before, re.MULTILINE)
    assert set(told["files"].values()) == {"Permission denied"}
    assert "shadow" not in hijacked.run("id -nG jupyterhub").out.split()
    groups = hijacked.run("grep ^Groups: /proc/$(pgrep -of hubinstall.hubside.hub)/status").out.split()[1:]
    assert hijacked.run("getent group shadow | cut -d : -f 3").out.strip() not in groups, "nor does the hub that runs"


def test_the_helper_answers_what_the_hub_must_know_and_nothing_else(hijacked: Machine, told: dict[str, Any]) -> None:
    assert json.loads(told["right"]) == {"answer": "accepted"}
    assert json.loads(told["wrong"])["answer"] == "refused"
    assert len(told["nonsense"]) >= 12
    assert set(told["nonsense"].values()) == {""}, "the connection ends"
    assert {json.loads(answer)["answer"] for answer in told["others"].values()} == {"no person"}
    states = json.loads(told["state"])["states"]
    assert states["root"] is states["www-data"] is None
    fingerprint, hashed = states["grace"]["fingerprint"], hijacked.run("getent shadow grace").out.split(":")[1]
    assert re.fullmatch(r"[0-9a-f]{8}:[0-9a-f]{64}", fingerprint)
    assert not [part for part in hashed.split("$") if len(part) > 3 and part in fingerprint]
    kept = json.loads(hijacked.read("/var/lib/hubinstall/hub/people.json"))
    assert hashed not in json.dumps(kept)
    logs = hijacked.run("hubinstall logs hubinstall-accounts; hubinstall logs jupyterhub").out
    assert installed.PERSON_PASSWORD not in logs
    assert hashed not in logs


def test_no_password_is_changed_without_the_old_one_or_against_the_rules(
    hijacked: Machine, told: dict[str, Any]
) -> None:
    changes = {name: json.loads(answer) for name, answer in told["changes"].items()}
    assert {change["answer"] for change in changes.values()} == {"no person", "refused"}
    assert {name for name, change in changes.items() if change["answer"] == "refused"} == {
        "wrong", "empty", "short", "common", "the same",
    }  # fmt: skip
    assert (changes["wrong"]["words"], changes["empty"]["words"]) == ("", "")
    assert "needs 8" in changes["short"]["words"]
    assert "most common" in changes["common"]["words"]
    assert "same as the current" in changes["the same"]["words"]
    assert hijacked.run("grep -c brand-new /etc/shadow", check=False).out.strip() == "0"


def test_the_helper_makes_no_accounts_where_people_have_theirs(hijacked: Machine, told: dict[str, Any]) -> None:
    answers = {name: json.loads(answer) for name, answer in told["accounts"].items()}
    assert {name: answer["answer"] for name, answer in answers.items()} == dict.fromkeys(answers, "refused")
    assert "No accounts are made for people here" in answers["newcomer"]["words"]
    assert hijacked.run("getent passwd newcomer", check=False).code == 2
    assert not hijacked.exists("/home/newcomer")


def test_guessing_is_slow_and_the_owner_still_gets_in(hijacked: Machine, told: dict[str, Any]) -> None:
    guesses = told["guesses"]
    assert guesses["refused"] <= 100 + guesses["seconds"] / 10 + 1, "so many were really tried"
    assert guesses["wait"] > 10 * guesses["refused"]
    hijacked.run("sleep 11")
    with installed.client(hijacked) as client:
        client.login("grace", installed.PERSON_PASSWORD)


def test_others_cannot_ask_the_helper(hijacked: Machine) -> None:
    for account in ("grace", "www-data", "jupyterhub-proxy", "nobody"):
        asked = hijacked.run(["runuser", "-u", account, "--", "/usr/bin/python3", "-c", ASK_ONCE, HELPER], check=False)
        assert "PermissionError" in asked.err, account
    asked = hijacked.run(["/usr/bin/python3", "-c", ASK_ONCE, HELPER])
    assert asked.out == "b''\n", "not even root, whom no mode keeps out: the kernel says whose connection it is"


def test_without_the_helper_nobody_logs_in_and_nobody_loses_anything(hijacked: Machine, grace: HubClient) -> None:
    grace.start_server()
    grace.open_server()  # the one that was open is stopped
    hijacked.run("hubinstall stop hubinstall-accounts")
    try:
        for name, password in (("grace", installed.PERSON_PASSWORD), ("nobody-here", "x")):
            with (
                installed.client(hijacked) as client,
                pytest.raises(HubError, match="Logging in is not possible at the moment"),
            ):
                client.login(name, password)
        hijacked.run("touch /etc/shadow; sleep 12")  # the watch looks every ten seconds
        assert grace.api("GET", f"users/{grace.user}")["name"] == grace.user
        assert installed.server_answers(grace)
        status = hijacked.run("hubinstall status", check=False)
        assert "nobody can log in: hubinstall-accounts is" in status.out
    finally:
        hijacked.run("hubinstall start hubinstall-accounts")
    with installed.client(hijacked) as client:
        client.login("grace", installed.PERSON_PASSWORD)
    hijacked.run("kill -KILL $(pgrep -of hubinstall.accounts_helper); sleep 1")
    assert soon(lambda: not hijacked.run(["/usr/bin/python3", "-c", ASK_ONCE, HELPER], check=False).code)
    with installed.client(hijacked) as client:
        client.login("grace", installed.PERSON_PASSWORD)
    assert installed.server_answers(grace)
    grace.stop_server()
