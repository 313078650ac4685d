"""The firewall: its rules as text, and a table that is compared with what the kernel said after the load."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from fakes import golden
from fakes.facts import fake_facts
from fakes.host import FakeHost, seen
from fakes.programs import Nft
from hubinstall import layout
from hubinstall.blueprint.firewall import closed, firewall, rules
from hubinstall.errors import UserError
from hubinstall.machine.facts import Facts
from hubinstall.machine.network import has_bridge_filter
from hubinstall.resources.kernel import FirewallTable, KernelSetting
from hubinstall.settings.model import Settings

FACTS = fake_facts(
    addresses=("10.0.0.5", "2001:db8::7"), resolvers=("10.0.0.53", "2001:db8::53", "10.0.0.53"), routes=("10.0.0.0/24",)
)
ALLOW = {"network": {"allow": ["10.1.2.3:5432", "10.1.0.0/16:443", "192.168.1.5"], "subnet": "172.30.0.0/20"}}


def table(facts: Facts = FACTS) -> FirewallTable:
    return next(r for r in firewall(Settings(), facts) if isinstance(r, FirewallTable))


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


@pytest.fixture
def nft(host):
    host.put(layout.FIREWALL_RULES, rules(Settings(), FACTS))
    host.path(layout.STATE).mkdir(parents=True)
    return Nft(host)


def test_rules_by_default():
    golden.check("firewall.nft", rules(Settings(), FACTS))


def test_rules_with_allow_and_another_subnet():
    text = rules(Settings.model_validate(ALLOW), FACTS)
    golden.check("firewall-allow.nft", text)
    to_host = text.split("chain to_host")[1].split("chain from_servers")[0]
    assert "10.1.2.3/32 " in to_host, "one address with a port may be the host's own"
    assert "10.1.0.0/16" not in to_host, "a network that the host is in must not open the host's ports"
    assert "192.168.1.5" not in to_host


def test_without_a_filter_for_bridges_the_one_for_routed_packets_must_do():
    facts = fake_facts(bridge_filter=False)
    assert "table bridge" not in rules(Settings(), facts)
    assert table(facts).families == ("inet",)


def test_neighbours_are_dropped_before_anything_is_accepted():
    chain = rules(Settings(), FACTS).split("chain from_servers {")[1].split("}")[0]
    assert chain.split("\n")[1].strip() == f'oifname "{layout.BRIDGE}" drop'


@pytest.mark.parametrize(
    "address",
    ["10.99.3.4", "172.17.0.1", "192.168.1.1", "100.100.100.200", "169.254.169.254", "127.0.0.1", "168.63.129.16",
     "224.0.0.251", "255.255.255.255", "8.8.8.8"],
)  # fmt: skip
def test_special_and_connected_networks_are_closed(address):
    networks = closed(["8.8.8.0/24", "2001:db8::/64"])
    assert any(IPv4Address(address) in network for network in networks)


def test_the_internet_is_open():
    assert not any(IPv4Address(address) in n for n in closed([]) for address in ("8.8.8.8", "1.1.1.1", "151.101.2.132"))
    assert closed(["10.0.0.0/24"]) == closed([]), "overlaps would be an error of nft"
    assert IPv4Network("224.0.0.0/3") in closed([])


def test_a_table_is_loaded_once(host, nft):
    wished = table()
    wished.apply(host, seen(wished, host))
    assert set(nft.tables) == {("inet", "hubinstall"), ("bridge", "hubinstall")}
    assert seen(wished, host) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda nft: nft.tables.update({("inet", "hubinstall"): "table inet hubinstall: a rule less"}),
        lambda nft: nft.tables.pop(("inet", "hubinstall")),
        lambda nft: nft.tables.pop(("bridge", "hubinstall")),
        lambda nft: nft.host.path(layout.FIREWALL_LOADED).unlink(),
        lambda nft: nft.host.put(layout.FIREWALL_LOADED, "{"),
    ],
)
def test_what_is_taken_out_by_hand_is_noticed_and_mended(host, nft, damage):
    wished = table()
    wished.apply(host, seen(wished, host))
    damage(nft)
    change = seen(wished, host)
    assert change is not None
    wished.apply(host, change)
    assert seen(wished, host) is None


def test_killed_between_load_and_record_it_is_loaded_again(host, nft):
    wished = table()
    wished.apply(host, seen(wished, host))
    other = FirewallTable(wished.name, loaded=wished.loaded, path=wished.path, rules="others")
    assert seen(other, host).keys == ["rules"]


def test_a_kernel_that_refuses_is_said(host, nft):
    wished = table()
    change = seen(wished, host)
    nft.refuses = True
    with pytest.raises(UserError, match="the kernel rejected the firewall rules") as error:
        wished.apply(host, change)
    assert "Operation not supported" in error.value.hint


def test_removal_needs_only_what_the_ledger_keeps(host, nft):
    wished = table()
    wished.apply(host, seen(wished, host))
    for _ in range(2):
        FirewallTable(layout.FIREWALL_TABLE, loaded=layout.FIREWALL_LOADED).remove(host)
        assert nft.tables == {}
        assert not host.exists(layout.FIREWALL_LOADED)


def test_without_nft_there_is_no_table_and_nothing_to_remove(host):
    assert table().actual(host) is None
    table().remove(host)


def test_the_kernels_setting(host):
    wished = KernelSetting(layout.BRIDGE_NETFILTER, value="1", module="br_netfilter")
    host.answers["modprobe br_netfilter"] = lambda _argv, _input: host.put(wished.path, "0\n") or ""
    host.answers["tee"] = lambda argv, text: host.put(argv[1], text) or ""
    assert seen(wished, host).before is None
    wished.apply(host, seen(wished, host))
    assert seen(wished, host) is None
    host.put(wished.path, "0\n")
    wished.apply(host, seen(wished, host))
    wished.remove(host)
    assert seen(wished, host) is None


def test_whether_bridges_can_be_filtered(host):
    assert has_bridge_filter(host), "nothing known"
    host.put("/proc/sys/kernel/osrelease", "6.1\n")
    host.put("/boot/config-6.1", "CONFIG_NF_TABLES=m\nCONFIG_NF_TABLES_BRIDGE=m\n")
    assert has_bridge_filter(host)
    host.put("/boot/config-6.1", "CONFIG_NF_TABLES=m\n# CONFIG_NF_TABLES_BRIDGE is not set\n")
    assert not has_bridge_filter(host)
