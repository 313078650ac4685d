"""Who is led into a course, and what the others are told: whom to ask, and nothing about its members."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from tornado.web import HTTPError

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


@pytest.fixture
def opened(members, monkeypatch):
    """What the page does for emmy: the error's status and words, or the URL and the options of a start."""

    def run(
        *,
        choice: bool,
        slug: str = "",
        ready: bool = False,
        url: str = "/user/emmy/",
        hub: str = "/hub/",
        course: str = "stats-101",
    ) -> tuple[object, object]:
        done: list[tuple[object, object]] = []

        async def start(_user, _name, _title, _spawner, pending, options):
            done.append((pending, options))

        spawner = SimpleNamespace(ready=ready, active=ready, slug_now=lambda: slug)
        user = SimpleNamespace(name="emmy", escaped_name="emmy", url=url, spawner=spawner)
        page = SimpleNamespace(
            _hub_settings=WITH, current_user=user, hub=SimpleNamespace(base_url=hub),
            redirect=lambda url: done.append((url, None)), _wrap_spawn_single_user=start,
        )  # fmt: skip
        monkeypatch.setattr(course_page, "choice_of", lambda *_: choice)
        monkeypatch.setattr(course_page, "started_before", lambda *_: False)
        try:
            asyncio.run(course_page.CourseHandler.get.__wrapped__(page, course))
        except HTTPError as error:
            return error.status_code, error.args
        [found] = done
        return found

    return run


NEXT = "?next=%2Fuser%2Femmy%2Flab%2Ftree%2Fstats-101"


def test_a_server_is_started_with_the_software_of_the_course(opened):
    assert opened(choice=True) == (f"/hub/spawn-pending/emmy{NEXT}", {"profile": "stats-101"})
    assert opened(choice=False) == (f"/hub/spawn/emmy{NEXT}", None), "JupyterHub's page, which may have a form"


@pytest.mark.parametrize(
    ("hub", "url"), [("/jupyter/hub/", "/jupyter/user/emmy/"), ("/hub/", "https://emmy.hub.example.org/user/emmy/")]
)
def test_a_path_and_a_name_of_ones_own_are_kept_on_the_way(opened, hub, url):
    following = quote(f"{url}lab/tree/stats-101", safe="")
    assert opened(choice=False, url=url, hub=hub) == (f"{hub}spawn/emmy?next={following}", None)
    assert opened(choice=True, url=url, hub=hub)[0] == f"{hub}spawn-pending/emmy?next={following}"


def test_who_was_in_a_course_that_has_ended_is_led_to_its_files(opened, monkeypatch):
    monkeypatch.setattr(course_page, "has_ended", lambda course, name: (course, name) == ("old", "emmy"))
    assert opened(choice=False, course="old", hub="/jupyter/hub/") == ("/jupyter/hub/home", None)
    assert opened(choice=False, course="other")[0] == 404


def test_one_that_runs_leads_to_the_material_unless_it_has_other_software(opened):
    assert opened(choice=True, slug="stats-101", ready=True) == (f"/hub/spawn/emmy{NEXT}", None)
    status, words = opened(choice=True, slug="bio", ready=True)
    assert (status, "without the software of the course 100% statistics" in str(words)) == (409, True)
