"""Rooms in config.yaml: what of them is refused."""

import pytest

from fakes.facts import fake_facts
from fakes.hub_people import IMAGE
from hubinstall.blueprint.hub import hub_settings
from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load
from hubinstall.hubside.settings import HubSettings
from hubinstall.settings.values.names import parse_room_name
from hubinstall.settings.values.words import WrongValueError

APART = "domain: hub.example.org\nhttps: {subdomains: true}\n"


def test_the_hub_knows_a_room_by_its_account():
    settings = load(f"{APART}rooms: {{lab: {{group: project}}}}").settings
    known = HubSettings.parse(__import__("json").dumps(hub_settings(settings, fake_facts(), IMAGE).as_dict()))
    room = known.room_of("room-lab")
    assert (room.title, room.group, room.environment) == ("lab", "project", "rooms")
    assert known.room_of("lab") is None


def test_without_rooms_the_hubs_file_is_as_it_was():
    assert "rooms" not in hub_settings(load("").settings, fake_facts(), IMAGE).as_dict()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rooms: {lab: {group: project}}", "https.subdomains"),
        (f"{APART}rooms: {{lab: {{group: docker}}}}", "can act as root"),
        (f"{APART}rooms: {{lab: }}", "group"),
        (f"{APART}rooms: [lab]", "must be a map of rooms"),
    ],
)
def test_a_room_that_would_give_what_is_anothers_is_refused(text, said):
    with pytest.raises(ConfigError, match=said):
        load(text)


def test_members_who_trust_each_other_need_no_names_of_their_own():
    assert load("rooms: {lab: {group: project, trusted: true}}").settings.rooms["lab"].trusted


@pytest.mark.parametrize("name", ["Lab", "1st", "a" * 28, "lab-", "", "a b", "a.b", "a_b", 7])
def test_a_name_that_is_no_part_of_an_address_is_refused(name):
    with pytest.raises(WrongValueError):
        parse_room_name(name)
