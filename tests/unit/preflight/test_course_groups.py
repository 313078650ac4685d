"""A course is no group of the system, and nobody's own: its members would get rights that no course gives."""

import pytest

from fakes.host import FakeHost
from hubinstall.preflight.names import problems
from hubinstall.settings.model import Settings


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.put("/etc/group", "root:x:0:\ndocker:x:996:\nemmy:x:1001:\nbio:x:2000:alice\nchem-teachers:x:997:\n")
    host.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nemmy:x:1001:1001::/home/emmy:/bin/sh\n")
    return host


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("docker", "docker is a group of the system"),
        ("chem", "chem-teachers is a group of the system"),
        ("emmy", "emmy is the own group of the account emmy"),
        ("bio", ""),
        ("new", ""),
    ],
)
def test_a_group_that_is_there(host, name, why):
    found = list(problems(host, Settings(courses={name: None}), 1000))
    assert [at for at, _, _ in found] == ([("courses", name)] if why else [])
    assert why in " ".join(words for _, words, _ in found)


def test_an_environment_that_nobody_has_made(host):
    host.path("/etc/hubinstall/environments/packed").mkdir(parents=True)
    courses = {"bio": {"environment": "packed"}, "new": {"environment": "listed"}, "old": {"environment": "lab"}}
    [(at, words, hint)] = problems(host, Settings(courses=courses, environments={"listed": None}), 1000)
    assert (at, words) == (
        ("courses", "old", "environment"),
        "there is no environment lab, only default, listed, packed",
    )
    assert "hubinstall environment add --environment lab PACKAGE" in hint


def test_nbgrader_that_is_in_no_environment(host):
    for name, package in (("with", "nbgrader==0.9.6"), ("without", "nbgrader-x==1")):
        host.put(f"/etc/hubinstall/environments/{name}/requirements.txt", f"{package} \\\n")
    courses = {name: {"environment": name, "nbgrader": True} for name in ("with", "without", "own", "listed", "folder")}
    here = {"own": {"base": "site/lab:1"}, "listed": {"python": ["nbgrader>=0.9"]}, "folder": {"folder": "/srv/x"}}
    settings = Settings(courses=courses | {"bio": {"nbgrader": True}}, environments=here)
    found = {at[1]: (words, hint) for at, words, hint in problems(host, settings, 1000)}
    assert found.keys() == {"without", "bio"}
    assert found["bio"][0] == "is not in the environment nbgrader of the course"
    assert "`hubinstall environment add --environment nbgrader nbgrader`" in found["bio"][1]
