"""What config.yaml says, what the machine is, and what follows from both."""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.config.validate import validate
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import plan
from hubinstall.installation import inputs, prefetch
from hubinstall.machine.facts import Facts, gather
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource
from hubinstall.settings.model import Settings


@dataclass(frozen=True)
class Wishes:
    """What the file says, what the machine is, and what follows from both."""

    text: str
    settings: Settings
    facts: Facts
    resources: list[Resource]


def read(host: Host, text: str | None = None) -> Wishes:
    """The wishes of config.yaml, or of a `text` that is to take its place; raises ConfigError, touches nothing."""
    text = inputs.config_text(host) if text is None else text
    settings = validate(text, layout.CONFIG_FILE)
    facts = gather(host, settings.process_manager)
    wishes = Wishes(text, settings, facts, blueprint(settings, facts))
    prefetch.go_on(host, wishes.resources)
    return wishes


def differences(host: Host, wishes: Wishes) -> list[Change]:
    """What apply would do."""
    return plan(wishes.resources, host, Ledger(host, layout.LEDGER))
