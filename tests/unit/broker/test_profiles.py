"""The broker judges a choice by itself: a hub that somebody has taken over gives nobody what is not offered to them."""

import copy
import json
from dataclasses import replace

import pytest

from hubinstall import layout
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside import limits as hubs
from hubinstall.hubside import profiles
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.container import bind
from hubinstall.settings.model import Settings
from unit.broker.test_calls import ADA, POLICY, create, described

GIB = 1 << 30
FILE = [
    {"display_name": "Small"},
    {"display_name": "Large", "memory": "2G", "cpu": 2, "mounts": ["/srv/material", "/srv/new rw"]},
    {"display_name": "Staff", "memory": "4G", "groups": ["staff"]},
]
OFFERED = profiles.parse(one.described() for one in Settings.model_validate({"profiles": FILE}).profiles)
WITH = replace(POLICY, profiles=OFFERED)


@pytest.fixture(autouse=True)
def _ada(ada_alone, monkeypatch):
    for module in (hubs, profiles):
        monkeypatch.setattr(module, "group_ids", lambda names: {name: 3000 for name in names if name == "staff"})


def server(label: object = None, memory: int = GIB, cpu: float = 1, mounts: list | None = None) -> dict:
    made = copy.deepcopy(described())
    if label is not None:
        made["Labels"][layout.CHOICE_LABEL] = label if isinstance(label, str) else json.dumps(label)
    config = made["HostConfig"]
    config.update(Memory=memory, MemorySwap=memory, CpuQuota=int(config["CpuPeriod"] * cpu))
    config["Mounts"] += mounts or []
    return made


def test_a_choice_gives_its_limits_and_no_more():
    create(server({"profile": "large"}, 2 * GIB, 2), WITH)
    for more in ((2 * GIB + 1, 2), (2 * GIB, 2.1)):
        with pytest.raises(RefusedError, match="instead of at most"):
            create(server({"profile": "large"}, *more), WITH)
    create(server({"profile": "small"}), WITH)
    with pytest.raises(RefusedError, match="memory 2G instead of at most 1G"):
        create(server({"profile": "small"}, 2 * GIB), WITH)


@pytest.mark.parametrize(
    "label", [None, {"profile": "staff"}, {"profile": "none"}, {"profile": ["large"]}, {"profile": "large", "x": "y"},
              "large", "[]", "", '{"profile": "small", "profile": "large"}', '{"profile": 1}'],
)  # fmt: skip
def test_a_choice_that_is_not_offered_gives_nothing(label):
    with pytest.raises(RefusedError):
        create(server(label, 2 * GIB), WITH)


def test_without_profiles_a_label_means_nothing():
    create(server({"profile": "large"}), POLICY)
    with pytest.raises(RefusedError):
        create(server({"profile": "large"}, 2 * GIB), POLICY)


def test_a_groups_profile_is_for_its_members(monkeypatch):
    member = replace(ADA, gids=ADA.gids | {3000})
    monkeypatch.setattr(Account, "find", classmethod(lambda _, name: {"ada": member}.get(name)))
    create(server({"profile": "staff"}, 4 * GIB), WITH)


def test_directories_of_a_choice():
    read, write = bind("/srv/material", "/srv/material", read_only=True), bind("/srv/new", "/srv/new")
    create(server({"profile": "large"}, mounts=[read, write]), WITH)
    for label, mount in (
        ({"profile": "small"}, read),
        (None, write),
        ({"profile": "large"}, bind("/srv/material", "/srv/material")),
        ({"profile": "large"}, bind("/srv/new", "/etc")),
        ({"profile": "large"}, bind("/srv", "/srv", read_only=True)),
    ):
        with pytest.raises(RefusedError, match="the directory"):
            create(server(label, mounts=[mount]), WITH)


def test_the_file_is_read_back_whole_and_says_nothing_where_there_are_none():
    assert Policy.parse(json.dumps(WITH.as_dict())) == WITH
    assert "profiles" not in POLICY.as_dict()
    assert Policy.parse(json.dumps(POLICY.as_dict())) == POLICY
