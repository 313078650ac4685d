"""The site's proxy, authorities and mirrors: where each of them arrives, and that without them nothing is different."""

import pytest

from fakes.facts import fake_facts
from hubinstall import layout
from hubinstall.blueprint import way_out
from hubinstall.blueprint.contents import blueprint
from hubinstall.blueprint.firewall import rules
from hubinstall.hubside.settings import HubSettings
from hubinstall.resources.base import resource_id
from hubinstall.settings.model import Settings

PEM = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
PROXY = "http://ada:p%40ss@proxy.example:3128"
SITE = Settings.model_validate(
    {"domain": "hub.example", "network": {"proxy": PROXY, "no_proxy": [".intra.example", "mirror.example"]}}
)
FACTS = fake_facts(proxy_addresses=("10.1.2.3", "fd00::3"), addresses=("10.5.0.7",), hostname="hub", authorities=(PEM,))


def made(settings=SITE, facts=FACTS):
    return {resource_id(resource): resource for resource in blueprint(settings, facts)}


@pytest.mark.parametrize("manager", ["systemd", "supervisor"])
def test_without_a_setting_nothing_is_there(manager):
    plain = made(Settings(), fake_facts(manager=manager))
    ids = " ".join(plain)
    assert "authorities" not in ids
    assert layout.APT_WAY_OUT not in ids
    assert layout.WAY_OUT not in ids
    assert layout.DOCKER_UNIT_DROPIN not in ids
    assert plain["docker-setting:live-restore"].desired() == {"loaded": True}


def test_own_names_and_addresses_are_never_proxied():
    told = way_out.of_machine(SITE, FACTS).variables()
    past = told["NO_PROXY"].split(",")
    assert {"localhost", "127.0.0.1", "10.99.0.1", "10.99.0.0/16", "hub.example", "hub", "10.5.0.7"} <= set(past)
    assert past[-2:] == [".intra.example", "mirror.example"]
    assert told["SSL_CERT_FILE"] == layout.TRUST_STORE


def test_apt_first_and_its_password_for_root_alone():
    resources = made()
    apt = resources[f"file:{layout.APT_WAY_OUT}"]
    assert apt.mode == "0600"
    assert f'Acquire::https::Proxy "{PROXY}";' in apt.content
    assert 'Acquire::http::Proxy::mirror.example "DIRECT";' in apt.content
    assert ".intra.example" not in apt.content, "apt knows no domains there"
    assert {f"file:{layout.APT_WAY_OUT}", f"authorities:{layout.MORE_AUTHORITIES}"} <= set(
        resources["packages:base"].needs
    )
    open_ = SITE.model_copy(update={"network": SITE.network.model_copy(update={"proxy": "http://proxy.example:3128"})})
    assert made(open_)[f"file:{layout.APT_WAY_OUT}"].mode == "0644"


def test_apt_reaches_its_sources_inside_the_site_without_the_proxy():
    network = {"proxy": "http://proxy.example:3128", "no_proxy": [".intra.example", "10.0.0.0/8"]}
    settings = Settings.model_validate({"network": network})
    hosts = ("10.1.2.3", "mirror.example.net", "debian.intra.example", "intra.example.org")
    text = way_out.apt(settings, fake_facts(apt_hosts=hosts))
    direct = [line.split('"')[0].rpartition("::")[2].strip() for line in text.splitlines() if "DIRECT" in line]
    assert direct == ["10.1.2.3", "debian.intra.example"] * 2


def test_dockerd_is_told_by_a_file_that_only_root_reads():
    resources = made()
    variables = resources[f"docker-variables:{layout.WAY_OUT}"]
    assert variables.desired()["mode"] == "0600"
    dropin = resources[f"unit:{layout.DOCKER_UNIT_DROPIN}"]
    assert f"EnvironmentFile=-{layout.WAY_OUT}\n" in dropin.content
    assert "p%40ss" not in dropin.content
    assert resource_id(variables) in resources["packages:docker"].needs, "its package starts it"
    assert set(resources["docker-setting:live-restore"].desired()) == {"loaded", "started_with"}


def test_dockerd_under_supervisor_reads_the_same_file():
    resources = made(facts=fake_facts(manager="supervisor", proxy_addresses=("10.1.2.3",)))
    assert f". {layout.WAY_OUT}" in resources[f"file:{layout.launcher('docker')}"].content
    assert f"unit:{layout.DOCKER_UNIT_DROPIN}" not in resources


def test_systemd_gives_up_on_dockerd_later_than_its_package_says():
    """Its package's unit does after three starts in a minute, also those that an administrator asked for."""
    resources = made(Settings())
    dropin = resources[f"unit:{layout.DOCKER_RESTARTS_DROPIN}"]
    assert "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=10\n" in dropin.content
    assert resource_id(dropin) in resources["packages:docker"].needs
    assert f"unit:{layout.DOCKER_RESTARTS_DROPIN}" not in made(Settings(), fake_facts(manager="supervisor"))


def test_an_engine_with_its_own_live_restore_is_told_too():
    facts = fake_facts(docker_keeps_containers=True, proxy_addresses=("10.1.2.3",))
    assert "started_with" in made(facts=facts)["docker-setting:live-restore"].desired()
    assert "docker-setting:live-restore" not in made(Settings(), fake_facts(docker_keeps_containers=True))


def test_user_servers_reach_the_proxy_and_nothing_else():
    text = rules(SITE, FACTS)
    assert text.count("ip daddr 10.1.2.3/32 meta l4proto { tcp, udp } th dport 3128 accept") == 2
    assert "# network.proxy proxy.example: 10.1.2.3 fd00::3\n" in text
    assert "p%40ss" not in text
    assert "fd00::3/" not in text


def test_the_hub_and_user_servers_are_told():
    hub = HubSettings.parse(made()[f"file:{layout.HUB_SETTINGS}"].content)
    assert hub.way_out["https_proxy"] == hub.server_way_out["https_proxy"] == PROXY
    assert hub.trust_store == layout.TRUST_STORE
    unit = made()[f"unit:{layout.unit(layout.HUB_SERVICE)}"].content
    assert "IPAddressAllow=localhost 10.99.0.0/16 10.1.2.3 fd00::3\n" in unit


@pytest.mark.parametrize("address", ["127.0.0.1", "fd00::3"])
def test_a_proxy_that_containers_cannot_reach_is_not_theirs(address):
    facts = fake_facts(proxy_addresses=(address,))
    hub = HubSettings.parse(made(facts=facts)[f"file:{layout.HUB_SETTINGS}"].content)
    assert hub.way_out["https_proxy"] == PROXY
    assert "https_proxy" not in hub.server_way_out


def test_a_mirror_in_the_site_is_open_to_servers_and_one_on_the_internet_is_open_already():
    network = {"pip_index": "http://mirror.example:8081/simple", "npm_registry": "https://npm.example/npm"}
    settings = Settings.model_validate({"network": network})
    addresses = {"mirror.example": ("10.1.2.4", "127.0.0.1", "fd00::4"), "npm.example": ("203.0.114.7",)}
    text = rules(settings, fake_facts(mirror_addresses=addresses))
    opens = "ip daddr 10.1.2.4/32 meta l4proto { tcp, udp } th dport 8081 accept"
    assert "# network.pip_index mirror.example: 10.1.2.4\n" in text
    assert opens in text
    assert "203.0.114.7" not in text, "it may have another address at the next look"
    both = Settings.model_validate({"network": {**network, "npm_registry": "http://mirror.example:8081/npm"}})
    again = rules(both, fake_facts(mirror_addresses=addresses))
    assert again.count(opens) == text.count(opens)
