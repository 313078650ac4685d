"""The resources that given settings lead to, by id."""

import dataclasses

from fakes.facts import fake_facts
from hubinstall.blueprint.contents import blueprint
from hubinstall.engine.run import in_order
from hubinstall.resources.base import resource_id
from hubinstall.settings.model import Settings

FACTS = fake_facts(addresses=("192.0.2.7",), cgroup_driver="systemd")


def wished(manager="systemd", settings=None, **facts):
    facts = dataclasses.replace(FACTS, manager=manager, **facts)
    return {resource_id(r): r for r in in_order(blueprint(Settings.model_validate(settings or {}), facts))}
