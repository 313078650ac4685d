"""The desired state of the machine: the settings, the facts, and the resources that follow from both."""

from dataclasses import dataclass, replace

from hubinstall import layout
from hubinstall.blueprint import way_out
from hubinstall.blueprint.contents import blueprint
from hubinstall.config.validate import Config, load
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import plan
from hubinstall.installation import environment_folders, hub_packages, inputs, prefetch
from hubinstall.machine.facts import Facts, gather
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource
from hubinstall.settings.model import Settings
from hubinstall.settings.values.proxies import host_of, place_of


@dataclass(frozen=True)
class DesiredState:
    """The parsed config.yaml, the facts of the machine, and the resources that follow from both."""

    config: Config
    facts: Facts
    resources: list[Resource]

    @property
    def settings(self) -> Settings:
        return self.config.settings


def read(host: Host, config: Config | None = None, *, online: bool = False, named_files: bool = True) -> DesiredState:
    """The desired state of config.yaml, or of a `config` that will replace it. Raises ConfigError, and UserError if new
    packages do not agree; changes nothing. `online`: new packages are looked up. `named_files`: those that config.yaml
    names are read (a site's authorities, the folders of environments, packages for the hub); without them, whatever
    depends on them is not to be applied.
    """
    config = load(inputs.config_text(host)) if config is None else config
    network = config.settings.network
    facts = gather(
        host,
        config.settings.process_manager,
        proxy=host_of(network.proxy) if network.proxy else "",
        mirrors=tuple(place_of(url)[0] for url in network.mirrors.values()),
        ca_bundle=(network.ca_bundle or "") if named_files else "",
    )
    host.way_out = way_out.of_machine(config.settings, facts).variables()
    if named_files:
        facts = replace(
            facts,
            folders=environment_folders.of_environments(host, config, strict=online),
            hub_packages=hub_packages.list_of(host, config, facts, online=online),
        )
    desired = DesiredState(config, facts, blueprint(config.settings, facts))
    prefetch.continue_with(host, desired.resources)
    return desired


def differences(host: Host, desired: DesiredState) -> list[Change]:
    """The changes that apply would make."""
    return plan(desired.resources, host, Ledger(host, layout.LEDGER))
