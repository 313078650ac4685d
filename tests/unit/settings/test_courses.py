"""Courses: what follows from one name, and what of it config.yaml may not say twice."""

import pytest

from hubinstall.blueprint.hub import offered, shared_folders
from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load
from hubinstall.hubside import shares
from hubinstall.settings.courses import choices_of
from hubinstall.settings.values.names import parse_course_name
from hubinstall.settings.values.words import WrongValueError

TWO = "courses:\n  stats-101: {title: Statistics, teachers: [prof, Lisa]}\n  bio:\n"


def test_a_course_is_a_group_its_teachers_and_two_shares():
    others = "users: {allow_all: false, admin: [ada]}\nshares: {slides: }\nteachers: {lab: [kim]}\n"
    settings = load(others + TWO).settings
    assert settings.all_teachers == {"lab": ("kim",), "stats-101": ("prof", "Lisa"), "bio": ()}
    assert list(settings.all_shares) == [
        "slides", *("stats-101", "stats-101-hand-in", "stats-101-collected"), *("bio", "bio-hand-in", "bio-collected"),
    ]  # fmt: skip
    material, box = settings.all_shares["stats-101"], settings.all_shares["stats-101-hand-in"]
    assert (material.group, material.readers) == ("stats-101-teachers", "stats-101")
    assert (box.drop_box, box.readers, box.members) == (True, "stats-101-teachers", "stats-101")
    assert settings.let_in == (("ada", "kim", "prof", "Lisa"), ("stats-101", "bio"))


def test_without_courses_all_is_as_it_was():
    text = "shares: {slides: }\nteachers: {lab: [kim]}\nusers: {allowed_groups: [x], allow_all: false}"
    settings = load(text).settings
    assert settings.all_shares == settings.shares
    assert settings.all_teachers == settings.teachers
    assert settings.allowed_groups == ("x",)


def test_with_software_of_its_own_each_course_is_a_choice():
    assert choices_of(load(TWO).settings.courses) == []
    settings = load(
        TWO.replace("{title", "{environment: stats, title") + "profiles: [{display_name: Small}]\n"
    ).settings
    stats, bio, small = offered(settings)
    assert (stats.slug, stats.display_name, stats.groups) == (
        "stats-101",
        "Statistics",
        ("stats-101", "stats-101-teachers"),
    )
    assert (stats.gives.environment, bio.gives.environment, small.gives.environment) == ("stats", "default", None)


def test_nbgrader_brings_where_teachers_grade_and_an_environment():
    text = "courses: {bio: {nbgrader: true}, chem: {nbgrader: true, environment: lab}, art: }\n"
    settings = load(text).settings
    assert settings.graded == {"bio": "bio-teachers", "chem": "chem-teachers"}
    graded = settings.all_shares["bio-grading"]
    assert (graded.group, graded.readers) == ("bio-teachers", "bio-teachers")
    assert "art-grading" not in settings.all_shares
    assert [one.gives.environment for one in offered(settings)] == ["nbgrader", "lab", "default"]
    exchange = [share for share in shared_folders(settings) if share.name == "bio-exchange"]
    assert [share.group for share in exchange] == ["bio", "bio-teachers"]
    assert all(
        shares.mounted(exchange, [group]) == {"/srv/data/bio-exchange": False} for group in ("bio", "bio-teachers")
    )
    assert (shares.mounted(exchange, ["chem"]), shares.links(exchange, ["bio"])) == ({}, [])


@pytest.mark.parametrize(
    "name", ["Stats", "1st", "a" * 24, "root", "x-teachers", "x-hand-in", "x-collected", "a.b", "", "a b", 7]
)
def test_a_name_that_is_no_group_or_another_courses_second_is_refused(name):
    with pytest.raises(WrongValueError):
        parse_course_name(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("shares: {bio-hand-in: }\n", "is a share of the course bio already; try another name"),
        ("teachers: {bio: [kim]}\n", "is a group of the course bio; try leaving it out: courses.bio.teachers"),
        ("teachers: {bio-teachers: [kim]}\n", "is a group of the course bio; try leaving it out: courses.bio.teachers"),
        ("shares: {chem-exchange: }\n", "is a share of the course chem already; try another name"),
        ("profiles: [{display_name: Chem}]\n", "has the slug chem, which the course chem has; try another slug"),
        ("users: {banned: [prof]}\n", "courses.stats-101.teachers[0]: prof is banned"),
    ],
)
def test_what_contradicts_a_course_is_told_with_its_place(text, told):
    with pytest.raises(ConfigError, match=r"config\.yaml:") as refused:
        load(text + TWO + "  chem: {environment: lab, nbgrader: true}\n")
    assert told in str(refused.value)
