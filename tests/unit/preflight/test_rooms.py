"""Rooms against a machine: whose account it is, and whether the environment lets people write together."""

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall.config.validate import load
from hubinstall.preflight import rooms

LAB = "rooms: {lab: {group: project, trusted: true}}\n"
ADDED = {"rooms": {"requirements.in": "Jupyter_Collaboration>=5\n"}}


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def said(host, text, **facts) -> str:
    return "\n".join(words for _, words, _ in rooms.problems(host, load(text).settings, fake_facts(**facts)))


@pytest.mark.parametrize(
    "more",
    [
        "environments: {rooms: {python: [jupyter-collaboration]}}",
        "environments: {rooms: {base: quay.io/site/rtc}}",
        "environments: {rooms: {folder: /srv/rtc}}",
    ],
)
def test_an_environment_with_it_will_do(host, more):
    assert said(host, LAB + more) == ""
    assert said(host, LAB, environments=ADDED) == ""


def test_one_without_it_is_refused(host):
    assert "has no jupyter-collaboration" in said(host, LAB)
    assert "has no jupyter-collaboration" in said(host, LAB, environments={"rooms": {"requirements.in": "polars\n"}})
    default = LAB.replace("trusted: true", "trusted: true, environment: default")
    assert "the environment of everyone" in said(host, default, environments={"default": ADDED["rooms"]})


@pytest.mark.parametrize(("comment", "why"), [("Ada", "which is no room"), ("A room of hubinstall", "")])
def test_an_account_of_that_name_which_is_no_room_is_left_alone(host, comment, why):
    host.path("/etc/passwd").write_text(f"room-lab:x:1200:1200:{comment}:/home/room-lab:/usr/sbin/nologin\n")
    found = said(host, LAB, environments=ADDED)
    assert why in found if why else found == ""
