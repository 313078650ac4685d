"""People and settings, as the hub is told of them."""

from dataclasses import replace

from fakes.facts import fake_facts
from hubinstall.blueprint.environments import environments
from hubinstall.blueprint.hub import hub_settings
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.settings import HubSettings
from hubinstall.settings.model import Settings

GIVEN = (
    Settings.model_validate({
        "users": {"admin": ["alice"], "allowed": ["bob"], "allow_all": False, "banned": ["mallory"]},
        "limits": {"memory": "2G", "cpu": 1.5},
        "shares": {"project": {"access": {"group": "teachers"}}},
    }),
    fake_facts(cpus=2, uid_min=1000),
)  # fmt: skip
IMAGE = replace(environments(*GIVEN, docker=()), image="hubinstall/default:1")
SETTINGS = hub_settings(*GIVEN, IMAGE)
"""Made by the blueprint, so that a new setting has its place here by itself."""

ALICE = Account("alice", 1000, 1001, "/home/alice", group="alice", gids=frozenset({1001, 2000}))


def person(name: str, uid: int = 1000) -> Account:
    return Account(name, uid, uid, f"/home/{name}")


def everyone(**changes) -> HubSettings:
    return replace(SETTINGS, allow_all=True, **changes)
