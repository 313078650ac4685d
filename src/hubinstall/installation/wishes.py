"""What config.yaml says, what the machine is, and what follows from both."""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.config.validate import Config, load
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

    config: Config
    facts: Facts
    resources: list[Resource]

    @property
    def settings(self) -> Settings:
        return self.config.settings


def read(host: Host, config: Config | None = None) -> Wishes:
    """The wishes of config.yaml, or of a `config` that is to take its place; raises ConfigError, touches nothing."""
    config = load(inputs.config_text(host)) if config is None else config
    facts = gather(host, config.settings.process_manager)
    wishes = Wishes(config, facts, blueprint(config.settings, facts))
    prefetch.continue_with(host, wishes.resources)
    return wishes


def differences(host: Host, wishes: Wishes) -> list[Change]:
    """What apply would do."""
    return plan(wishes.resources, host, Ledger(host, layout.LEDGER))
