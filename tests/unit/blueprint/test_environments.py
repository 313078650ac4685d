"""Environments with names of their own: which image each has, and who is told of it."""

import json

from fakes.facts import fake_facts
from hubinstall import layout
from hubinstall.blueprint.broker import policy
from hubinstall.blueprint.contents import blueprint
from hubinstall.blueprint.environments import environments
from hubinstall.blueprint.hub import hub_settings
from hubinstall.broker.policy import Policy
from hubinstall.hubside.environments import ServerEnvironment
from hubinstall.hubside.settings import HubSettings
from hubinstall.resources.base import resource_id
from hubinstall.settings.model import Settings

R = "quay.io/jupyter/r-notebook"
FACTS = fake_facts()


def made(**settings):
    return Settings.model_validate(settings)


def test_without_any_there_is_the_one_that_everyone_gets():
    found = environments(made(), FACTS, docker=())
    assert found.named == {"default": ServerEnvironment(found.image)}
    assert found.image.startswith("hubinstall/default:")


def test_each_has_the_image_of_its_base():
    settings = made(environments={"stats": {"title": "Statistics", "groups": ["stats"]}, "r": {"base": R}})
    found = environments(settings, FACTS, docker=())
    assert found.named["stats"] == ServerEnvironment(found.image, "Statistics", groups=("stats",))
    assert found.named["r"].image.startswith("hubinstall/pulled:")
    assert [resource_id(provider) for provider in found.providers] == [
        "image:hubinstall/default", f"pulled-image:{R}",
    ]  # fmt: skip


def test_an_image_is_pulled_once_however_many_name_it():
    settings = made(environment={"image": R}, environments={"r": {"base": R}, "more": {"base": R}, "usual": None})
    found = environments(settings, FACTS, docker=())
    assert [resource_id(provider) for provider in found.providers] == [f"pulled-image:{R}"]
    assert {one.image for one in found.named.values()} == {found.image}


def test_the_hub_and_its_broker_are_told_of_all():
    settings = made(environments={"r": {"base": R, "description": "For R 101"}})
    found = environments(settings, FACTS, docker=())
    told = hub_settings(settings, FACTS, found)
    assert told.environments == found.named
    assert HubSettings.parse(json.dumps(told.as_dict())) == told
    assert policy(settings, FACTS, found).admits_image(found.named["r"].image)
    assert not policy(made(), FACTS, environments(made(), FACTS, docker=())).admits_image(found.named["r"].image)


def test_the_hub_can_bring_back_layers_and_what_they_are_upon():
    facts = fake_facts(environments={"default": {layout.APT_LIST: "zip\n"}, "r": {layout.APT_LIST: "zip\n"}})
    settings = made(environments={"r": {"base": R}})
    found = environments(settings, facts, docker=())
    told, asked = hub_settings(settings, facts, found), policy(settings, facts, found)
    assert HubSettings.parse(json.dumps(told.as_dict())) == told
    assert Policy.parse(json.dumps(asked.as_dict())) == asked
    for name in ("default", "r"):
        layer = found.named[name].image
        base = told.layers[layer]
        assert told.source_of(layer).archive.endswith(f"-{name}-{layer.rpartition(':')[2]}.tar.zst")
        assert told.source_of(base).label or told.source_of(base).pin
        assert asked.sources()[layer] == told.source_of(layer)
        assert asked.admits_image(layer)
        assert not asked.admits_image(base)


def test_without_layers_the_files_say_nothing_of_them():
    found = environments(made(), FACTS, docker=())
    assert not {"layers", "other_sources"} & hub_settings(made(), FACTS, found).as_dict().keys()
    assert "other_sources" not in policy(made(), FACTS, found).as_dict()


def test_the_hub_waits_for_all_images():
    resources = {resource_id(one): one for one in blueprint(made(environments={"r": {"base": R}}), FACTS)}
    for path in ("hub.json", "broker.json"):
        assert f"pulled-image:{R}" in resources[f"file:/opt/hubinstall/etc/{path}"].needs
