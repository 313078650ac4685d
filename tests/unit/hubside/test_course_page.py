"""Who is led into a course, and what the others are told: whom to ask, and nothing about its members."""

import json
from dataclasses import replace

import pytest

from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import course_page, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.courses import Course
from hubinstall.hubside.settings import HubSettings

STATS = Course("stats-101", "100% statistics", ("stats-101", "stats-101-teachers"), ("prof", "kim"))
WITH = replace(SETTINGS, courses=(STATS,))


@pytest.fixture
def members(monkeypatch):
    """A group of the host that has just got a member, which an answer of a minute ago does not know."""
    known, fresh = {"sofja"}, {"sofja", "emmy"}
    monkeypatch.setattr(rights.memberships, "ask_again", lambda _: known.update(fresh))
    monkeypatch.setattr(rights.memberships, "has", lambda groups, name: groups == STATS.groups and name in known)
    monkeypatch.setattr(rights, "lists", lambda _settings, names, name: name in names)


@pytest.mark.parametrize(("name", "may"), [("emmy", True), ("prof", True), ("mallory", False)])
def test_members_and_teachers_are_in_it(members, name, may):
    assert course_page.is_in(WITH, STATS, name) is may


def test_others_are_told_whom_to_ask():
    assert course_page.not_in(STATS) == (
        "Your account is not in the course 100% statistics. To get in, ask prof or kim."
    )
    assert course_page.not_in(replace(STATS, teachers=())).endswith("ask the people who run this hub.")


def test_without_courses_there_is_no_such_page():
    assert course_page.handlers(SETTINGS) == []
    [(pattern, *_)] = course_page.handlers(WITH)
    assert pattern == r"/course/([^/]+)/?"


def test_the_hub_reads_what_the_blueprint_writes():

    assert HubSettings.parse(json.dumps(WITH.as_dict())) == WITH


def test_a_server_from_before_is_known_by_its_own_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path))
    monkeypatch.setattr(course_page.Account, "brief", lambda name: Account(name, 1000, 1000, f"/home/{name}"))
    assert not course_page.started_before(STATS, "emmy"), "nothing is known of it"
    (tmp_path / "1000.group").write_text("root:x:0:\nusers:x:100:emmy\nstats-1010:x:2001:emmy\n")
    assert course_page.started_before(STATS, "emmy")
    (tmp_path / "1000.group").write_text("root:x:0:\nusers:x:100:emmy\nstats-101-teachers:x:2000:emmy\n")
    assert not course_page.started_before(STATS, "emmy")
