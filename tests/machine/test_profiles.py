"""Choices at the start, on a machine: what is offered is given, and of a hundred forged requests none is admitted."""

import json
from collections.abc import Iterator

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

MIB = 1 << 20
PROFILES = [
    {"display_name": "Small", "memory": "500M"},
    {
        "display_name": "Large",
        "mounts": ["/srv/material"],
        "profile_options": {
            "size": {
                "choices": {
                    "s": {"display_name": "600 MB", "overrides": {"memory": "600M"}},
                    "l": {"display_name": "700 MB", "overrides": {"memory": "700M"}},
                },
                "unlisted_choice": {
                    "enabled": True, "validation_regex": "[6-8]00M", "overrides": {"memory": "{value}"},
                },
            }
        },
    },
    {"display_name": "Staff", "memory": "900M", "groups": ["staff-only"]},
    {"display_name": "Clean", "empty_home": True},
]  # fmt: skip
WRITTEN = (
    "900M",
    "6000M",
    "600M ",
    " 600M",
    "600M\n",
    "600m",
    "",
    "600",
    "1600M",
    "600MM",
    "٦00M",
    "600M\x00",
    "9" * 300,
)
OPTIONS = [
    {"profile": "staff"}, {"profile": "none"}, {"profile": ""}, {"profile": "SMALL"}, {"profile": "../small"},
    {"profile": ["small"]}, {"profile": {"slug": "small"}}, {"profile": 1}, {"profile": True},
    {"profile": "small", "size": "s"}, {"profile": "small", "memory": "64G"}, {"profile": "large", "size": "xl"},
    {"profile": "large", "size": ["s"]}, {"profile": "large", "size": {"memory": "64G"}},
    {"profile": "large", "size": "unlisted-choice"}, {"profile": "large", "size": "s", "size--unlisted-choice": "600M"},
    {"profile": "large", "overrides": {"memory": "64G"}}, {"profile": "large", "kubespawner_override": {}},
    {"profile": "large", "profile_options": {}}, {"image": "debian"}, {"mem_limit": "64G"}, {"cpu_limit": 64},
    {"profile": "small", "image": "debian"}, {"extra_host_config": {"privileged": True}}, {"volumes": {"/": "/host"}},
    {"mounts": ["/etc"]}, {"profile": "large", "mounts": ["/etc rw"]}, {"environment": {"A": "b"}}, {"cmd": ["sh"]},
    {"profile": "x" * 100_000}, {"profile": "large", "y" * 100_000: "s"},
    *({"profile": "large", "size--unlisted-choice": value} for value in (*WRITTEN, ["600M"], 600)),
]  # fmt: skip
FIELDS: list[dict[str, list[str]]] = [
    {"profile": ["staff"]}, {"profile": ["none"]}, {"profile": [""]}, {"profile": ["small", "large"]},
    {"profile": ["small"], "image": ["debian"]}, {"profile": ["small"], "mem_limit": ["64G"]}, {"image": ["debian"]},
    {"profile": ["small"], "profile-option-staff--size": ["s"]}, {"profile": ["small"], "volumes": ["/:/host"]},
    {"profile": ["large"], "profile-option-large--size": ["xl"]}, {"profile": ["small"], "extra_host_config": ["{}"]},
    {"profile": ["large"], "profile-option-large--size": ["s", "l"]}, {"profile": ["x" * 100_000]},
    *({"profile": ["large"], "profile-option-large--size": ["unlisted-choice"],
       "profile-option-large--size--unlisted-choice": [value]} for value in WRITTEN if value.strip() != "600M"),
]  # fmt: skip


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    installed_machine.run("groupadd staff-only; mkdir -p /srv/material; echo 42 > /srv/material/answer")
    profiles = json.dumps(PROFILES)
    installed_machine.run(["hubinstall", "config", "set", "profiles", profiles, "limits.servers", "2", "--apply"])
    return installed_machine


@pytest.fixture(scope="module")
def ada(machine: Machine) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        client.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        yield client


@pytest.fixture(scope="module")
def grace(machine: Machine) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        yield client


def memory(machine: Machine) -> list[int]:
    """Of each server that grace has, in MiB."""
    ids = machine.run(f"docker ps -aq -f label=hubinstall.user={installed.PERSON}").out.split()
    return [int(machine.run(f"docker inspect -f '{{{{.HostConfig.Memory}}}}' {one}").out) // MIB for one in ids]


def posted(client: HubClient, fields: dict[str, list[str]]) -> httpx.Response:
    """The form as a browser without JavaScript sends it."""
    page = f"hub/spawn/{installed.PERSON}"
    xsrf = client.fetch("GET", page, step="form").text.partition("?_xsrf=")[2].partition('"')[0]
    return client.request("POST", f"{page}?_xsrf={xsrf}", step="form", data=fields, follow_redirects=False)


def test_of_a_hundred_forged_requests_none_is_admitted(machine: Machine, ada: HubClient, grace: HubClient) -> None:
    """Through the API, by the server's owner and an administrator, for servers with names; through the form."""
    answers: list[tuple[object, int]] = []
    for who, path in ((grace, "server"), (ada, "server"), (grace, "servers/second")):
        for options in OPTIONS:
            url = f"hub/api/users/{installed.PERSON}/{path}"
            answers.append((options, who.fetch("POST", url, step="forged", json=options).status_code))
    answers += [(fields, posted(grace, fields).status_code) for fields in FIELDS]
    assert len(answers) >= 100
    admitted = [(what, status) for what, status in answers if status not in {400, 413}]
    assert admitted == []
    assert memory(machine) == [], "nothing has started"
    huge = grace.fetch(
        "POST", f"hub/api/users/{installed.PERSON}/server", step="huge", json={"profile": "x" * (2 << 20)}
    )
    assert huge.status_code in {400, 413}


def test_what_is_offered_is_given(machine: Machine, ada: HubClient, grace: HubClient) -> None:
    page = grace.fetch("GET", "hub/spawn", step="form").text
    assert "Large" in page
    assert "Staff" not in page
    chosen = {"profile": ["large"], "profile-option-large--size": ["unlisted-choice"],
              "profile-option-large--size--unlisted-choice": ["800M"]}  # fmt: skip
    assert posted(grace, chosen).status_code == 302
    grace.start_server()
    assert memory(machine) == [800]
    assert grace.run_cell("print(open('/srv/material/answer').read())").strip() == "42"
    grace.stop_server()
    page = grace.fetch("GET", "hub/spawn", step="form").text
    assert 'value="800M"' in page, "it is selected again"
    ada.api("POST", f"users/{installed.PERSON}/server")
    grace.start_server()
    assert memory(machine) == [500], "an administrator's start has the default"
    grace.stop_server()


def test_an_empty_home_keeps_the_old_one(machine: Machine, grace: HubClient) -> None:
    home = f"/home/{installed.PERSON}"
    machine.run(f"echo 42 > {home}/.mine && chown {installed.PERSON}: {home}/.mine")
    for options in ({"profile": "clean"}, None):
        grace.start_server(options=options)
        grace.stop_server()
    kept = machine.run(f"cd {home}; ls -d old-home-*; cat old-home-*/.mine; test ! -e .mine").out.splitlines()
    assert kept[1:] == ["42"], "one folder, and the next start has moved nothing"


def test_a_gpu_is_lent_to_one_server_whatever_is_restarted(machine: Machine, ada: HubClient, grace: HubClient) -> None:
    """No test machine has a card: another device of the machine is lent instead."""
    profiles = json.dumps([{"display_name": "Plain"}, {"display_name": "Card", "gpus": 1}])
    machine.run(["hubinstall", "config", "set", "profiles", profiles, "spawner.gpus", "[/dev/full]", "--apply"])
    card = {"profile": "card"}
    assert "1 of 1 GPU is free now" in grace.fetch("GET", "hub/spawn", step="form").text
    grace.start_server(options=card)
    assert "0 of 1 GPU are free now" in ada.fetch("GET", "hub/spawn", step="form").text
    machine.run("hubinstall restart jupyterhub")
    machine.run("kill -KILL $(pgrep -of hubinstall.broker)")
    with pytest.raises(HubError, match=r"The GPU of this machine is in use\. Try again later"):
        ada.start_server(options=card)
    devices = machine.run(
        "docker inspect -f '{{json .HostConfig.Devices}}' " + installed.container(installed.PERSON)
    ).out
    assert [one["PathOnHost"] for one in json.loads(devices)] == ["/dev/full"]
    grace.stop_server()
    ada.start_server(options=card)
    ada.stop_server()
