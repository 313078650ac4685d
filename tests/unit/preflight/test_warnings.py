"""Limits that the machine cannot hold are named with the sum, and stop nothing."""

import json

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.preflight.checks import Problem
from hubinstall.preflight.warnings import warnings
from hubinstall.settings.model import Settings

GIB = 1 << 30


@pytest.fixture
def host(tmp_path) -> FakeHost:
    """Sixty people have an account, and the machine knows at most 32768 processes."""
    host = FakeHost(tmp_path)
    names = [f"person{number}" for number in range(60)]
    rows = [f"{name}:x:{1000 + number}:{1000 + number}::/home/{name}:/bin/bash" for number, name in enumerate(names)]
    host.put("/etc/passwd", "\n".join(["root:x:0:0::/root:/bin/bash", *rows, ""]))
    for name in names:
        host.path(f"/home/{name}").mkdir(parents=True)
        host.owners[f"/home/{name}"] = (name, name)
    host.put("/proc/sys/kernel/pid_max", "32768\n")
    return host


def found(host: FakeHost, **settings: object) -> list[Problem]:
    return warnings(host, Settings.model_validate(settings), fake_facts(memory=24 * GIB, cpus=4))


def only(host: FakeHost, **settings: object) -> Problem:
    (warning,) = found(host, **settings)
    assert warning.hint.startswith("try ")
    return warning


@pytest.mark.parametrize(
    "limits", [{}, {"memory": "400M"}, {"memory": "408M", "cpu": 4}, {"processes": 512}, {"shm": "512M"}]
)
def test_what_the_machine_can_hold_is_fine(host, limits):
    assert found(host, limits=limits) == []


def test_more_memory_than_the_machine_has(host):
    warning = only(host, limits={"memory": "900G"})
    assert (warning.at, warning.code) == (("limits", "memory"), 0)
    assert (warning.message, warning.hint) == (
        "900G for each server, but this machine has 24G", "try 12G or less"
    )  # fmt: skip


def test_the_sum_over_all_who_may_log_in(host):
    warning = only(host, limits={"memory": "4G"})
    assert warning.message.startswith("4G for each of 60 people is 240G, but this machine has 24G")
    assert warning.hint.startswith("try 409M or less")


def test_only_those_who_may_log_in_count(host):
    few = {"allow_all": False, "allowed": ["person1", "person2"], "admin": ["alice", "person1"]}
    assert found(host, limits={"memory": "8G"}, users=few) == []
    warning = only(host, limits={"memory": "9G"}, users=few)
    assert warning.message.startswith("9G for each of 3 people is 27G")
    assert found(host, limits={"memory": "9G"}, users=few | {"admin": ["alice"], "banned": ["person1"]}) == []


OTHERS = {"groups": {"projects": {"memory": "8G"}, "big": {"memory": "6G"}}, "users": {"person9": {"memory": "1G"}}}


def test_the_sum_counts_the_most_generous_group_of_each_and_own_lines(host):
    members = "projects:x:2000:person1,person9\nbig:x:2001:person1,person2\nperson3:x:2002:\n"
    host.put("/etc/group", members)
    assert found(host, limits=OTHERS) == [], "8 + 6 + 1, and the default is a share of the machine"
    warning = only(host, limits=OTHERS | {"memory": "1G"})
    assert warning.at == ("limits", "memory")
    assert warning.message.startswith("60 people have 72G together, but this machine has 24G")
    host.put("/etc/group", members.replace("person2", "person2,person5,person6"))
    host.forget()
    warning = only(host, limits=OTHERS)
    assert warning.at == ("limits", "groups", "projects", "memory")
    assert warning.message.startswith("5 people have 27G together, but")


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ({"memory": "25G"}, "memory", "25G for each server, but this machine has 24G"),
        ({"cpu": 5}, "cpu", "5 cores for each server, but this machine has 4 cores"),
        ({"shm": "25G"}, "shm", "25G for each server, but"),
        ({"processes": 40_000}, "processes", "40000 for each server, but this machine can have 32768"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [("groups", "projects"), ("users", "person1")])
def test_a_line_that_no_server_can_have_is_named(host, kind, name, line, key, words):
    host.put("/etc/group", "projects:x:2000:person1\n")
    warning = only(host, limits={kind: {name: line}})
    assert warning.at == ("limits", kind, name, key)
    assert warning.message.startswith(words)


def test_a_line_for_nobody_is_named(host):
    lines = found(host, limits={"groups": {"people": {"cpu": 2}}, "users": {"preson1": {"cpu": 2}}})
    assert [one.at for one in lines] == [("limits", "groups", "people"), ("limits", "users", "preson1")]
    assert [one.message.partition(" on this")[0] for one in lines] == [
        "there is no group people", "there is no account preson1"
    ]  # fmt: skip
    assert only_hint(host, limits={"users": {"Person1": {"cpu": 2}}}) == "did you mean person1?"


def only_hint(host: FakeHost, **settings: object) -> str:
    (warning,) = found(host, **settings)
    return warning.hint


def test_servers_with_names_count_in_the_sum(host):
    few = {"allow_all": False, "allowed": ["person1", "person2"]}
    assert found(host, limits={"memory": "8G"}, users=few) == []
    warning = only(host, limits={"memory": "8G", "servers": 1}, users=few)
    assert warning.message.startswith("2 people have 32G together, but")


def test_a_size_that_is_tried_is_a_size(host):
    """Down to the least that a server needs."""
    for memory in ("900G", "4G", "23.5G"):
        size = only(host, limits={"memory": memory}).hint.split()[1]
        assert Settings.model_validate({"limits": {"memory": size}}).limits.memory
    host.put("/etc/passwd", host.text("/etc/passwd"))
    assert warnings(host, Settings.model_validate({"limits": {"memory": "1G"}}), fake_facts(memory=2 * GIB))[
        0
    ].hint.startswith("try 128M or less")


def test_more_cores_than_there_are(host):
    assert only(host, limits={"cpu": 64}).message == "64 cores for each server, but this machine has 4 cores"


def test_more_shared_memory_than_a_server_has(host):
    small = fake_facts(memory=GIB)
    (warning,) = warnings(host, Settings.model_validate({"limits": {"shm": "1.5G"}}), small)
    assert warning.message.startswith("1.5G, but a server has 512M of memory by default on this machine")
    (memory, shm) = warnings(host, Settings.model_validate({"limits": {"shm": "2G", "memory": "2G"}}), small)
    assert (memory.at[-1], shm.message) == ("memory", "2G for each server, but this machine has 1G")


@pytest.mark.parametrize(
    ("processes", "words"),
    [
        (4_194_304, "4194304 for each server, but this machine can have 32768"),
        (1000, "1000 for each of 60 people is 60000, but"),
    ],
)
def test_more_processes_than_the_kernel_numbers(host, processes, words):
    warning = only(host, limits={"processes": processes})
    assert warning.message.startswith(words)
    assert "kernel.pid_max" in warning.message


@pytest.mark.parametrize("path", ["/run/nologin", "/etc/nologin"])
def test_a_machine_that_is_closed_to_logins(host, path):
    host.put(path, "Closed until noon\n")
    (warning,) = found(host)
    assert (warning.at, warning.code) == ((), 0)
    assert warning.message.startswith(f"nobody can log in to the hub while {path} exists")


def test_what_the_hub_found_in_a_drop_in_as_long_as_the_file_is_the_same(host):
    path = f"{layout.HUB_DROPINS}/50-mine.py"
    warned = {"path": path, "place": f"{path}, line 2", "message": "Spawner has no setting imge",
              "hint": "did you mean image?"}  # fmt: skip
    host.put(layout.DROPIN_REPORT, json.dumps({"authenticator": "", "files": {path: "abc"}, "warnings": [warned]}))

    def seen(dropins: dict[str, str]) -> list[tuple[str, str]]:
        facts = fake_facts(memory=24 * GIB, cpus=4, dropins=dropins)
        return [(one.message, one.hint) for one in warnings(host, Settings(), facts)]

    assert seen({path: "abc"}) == [(f"{path}, line 2: Spawner has no setting imge", "Did you mean image?")]
    assert seen({path: "another"}) == seen({}) == []


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"authenticator": "", "files": [], "warnings": [{}]}'])
def test_a_report_that_cannot_be_read_warns_about_nothing(host, text):
    host.put(layout.DROPIN_REPORT, text)
    assert found(host) == []


@pytest.mark.parametrize(
    ("https", "key"),
    [
        ({"letsencrypt": {"email": "a@b.org"}}, "email"),
        ({"tls": {"key": "/a", "cert": "/b"}, "mode": "self-signed"}, "tls"),
    ],
)
def test_a_certificate_that_is_not_asked_for(host, https, key):
    """The hint, typed, ends the warning."""
    warning = only(host, https=https)
    assert (warning.at[-1], warning.message.partition(":")[0]) == (key, "has no effect")
    if key == "email":
        assert found(host, https=https, domain="hub.example.org") == []
        assert found(host, https=https | {"mode": "letsencrypt"}) == []
    else:
        assert found(host, https=https | {"mode": "manual"}) == []
    assert found(host, https={"mode": "off"}) == []


def test_choices_that_the_machine_cannot_hold(host):
    options = {"size": {"choices": {"l": {"display_name": "L", "overrides": {"cpu": 64}}}}}
    profile = {"display_name": "A", "memory": "900G", "groups": ["nobodys"], "profile_options": options}
    warnings = {one.at: one.message for one in found(host, profiles=[profile])}
    assert warnings == {
        ("profiles", 0, "memory"): "900G for each server, but this machine has 24G",
        ("profiles", 0, "profile_options", "size", "choices", "l", "overrides", "cpu"): (
            "64 cores for each server, but this machine has 4 cores"
        ),
        ("profiles", 0, "groups", 0): "there is no group nobodys on this machine",
    }
