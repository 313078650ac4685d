"""nbgrader in a server: for which course, in which role, and whom a teacher's server knows by name."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from hubinstall import layout
from hubinstall.broker import sources
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside import accounts, courses, grading, shares
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.courses import Course
from hubinstall.hubside.profiles import Chosen, Gives, Profile
from hubinstall.hubside.shares import SharedFolder
from unit.broker.test_calls import POLICY

COURSES = {"bio": "bio-teachers"}
PROF, EMMY = (
    Account(name, uid, uid, f"/home/{name}", gids=frozenset({gid}))
    for name, uid, gid in (("prof", 1, 5), ("emmy", 2, 6))
)


@pytest.fixture(autouse=True)
def _groups(monkeypatch):
    """The course has emmy, prof, somebody whose name would break the file, and a name without an account."""
    people = {"prof": PROF, "emmy": EMMY, "a:b": replace(EMMY, name="a:b", uid=3)}
    monkeypatch.setattr(grading, "group_ids", lambda names: dict.fromkeys(names, 5))
    monkeypatch.setattr(Account, "brief", classmethod(lambda _, name: people.get(name)))
    monkeypatch.setattr(accounts.grp, "getgrnam", lambda name: SimpleNamespace(gr_mem=[*people, "gone"], gr_name=name))


def chosen(slug: str) -> Chosen:
    return Chosen(Profile(slug, slug), {}, Gives())


def test_the_role_follows_from_the_group_of_the_teachers():
    roles = {one.name: grading.grading(chosen("bio"), COURSES, one) for one in (PROF, EMMY)}
    assert {name: found and found.teaches for name, found in roles.items()} == {"prof": True, "emmy": False}
    assert roles["emmy"].environment() == {
        "HUBINSTALL_COURSE": "bio", "HUBINSTALL_EXCHANGE": "/srv/data/bio-exchange",
        "JUPYTER_CONFIG_PATH": "/etc/hubinstall-nbgrader/student:/etc/hubinstall-nbgrader",
    }  # fmt: skip
    assert "/teacher:" in roles["prof"].environment()["JUPYTER_CONFIG_PATH"]


@pytest.mark.parametrize("choice", [None, chosen("chem")])
def test_other_servers_have_nothing_of_it(choice):
    assert grading.grading(choice, COURSES, PROF) is None


@pytest.mark.parametrize(("who", "known"), [(PROF, ["prof", "emmy"]), (EMMY, ["emmy"])])
def test_a_teachers_server_knows_the_course_and_nobody_elses(tmp_path, monkeypatch, who, known):
    monkeypatch.setattr(layout, "BROKER_ACCOUNTS", str(tmp_path))
    monkeypatch.setattr(shares, "group_ids", lambda _: {"bio-teachers": 5, "bio": 6})
    boxes = tuple(
        SharedFolder(name, readers=f"{name}-teachers", drop_box=True, members=name) for name in ("bio", "art")
    )
    sources.write_files(replace(POLICY, shares=boxes), who)
    rows = (tmp_path / f"{who.uid}.passwd").read_text().splitlines()
    assert [row.partition(":")[0] for row in rows] == ["root", "nobody", *known]


def test_a_server_is_told_of_its_owners_courses_and_no_others(monkeypatch):
    monkeypatch.setattr(
        courses, "group_ids", lambda names: {n: i for n, i in (("bio-teachers", 5), ("bio", 6)) if n in names}
    )
    known = [Course(name, name.title(), (name, f"{name}-teachers"), ()) for name in ("bio", "art")]
    told = [json.loads(courses.variables(known, who)["HUBINSTALL_COURSES"]) for who in (PROF, EMMY)]
    assert told == [[{"name": "bio", "title": "Bio", "teaches": teaches}] for teaches in (True, False)]
    assert courses.variables(known, replace(EMMY, gids=frozenset({7}))) == {}


def test_the_configuration_is_mounted_in_its_place_and_to_read():
    place = layout.NBGRADER_CONFIG
    assert sources.bind(POLICY, PROF, grading.SOURCE, place, read_only=True) == grading.SOURCE
    for target, read_only in (("/home/prof", True), (place, False)):
        with pytest.raises(RefusedError):
            sources.bind(POLICY, PROF, grading.SOURCE, target, read_only=read_only)


def test_the_broker_reads_its_courses_back():
    policy = replace(POLICY, nbgrader=COURSES)
    assert Policy.parse(json.dumps(policy.as_dict())) == policy
    assert "nbgrader" not in POLICY.as_dict()
