"""Docker: its network and the settings that it has loaded, on an Engine that is a dictionary."""

import pytest

from fakes.docker import Engine
from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.docker import docker as part
from hubinstall.blueprint.docker import docker_packages
from hubinstall.errors import UserError
from hubinstall.machine import docker
from hubinstall.machine.docker import engine
from hubinstall.resources.base import look
from hubinstall.resources.docker import live_restore
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.settings.model import Settings

NETWORK = DockerNetwork("users", bridge="users0", label="whose", subnet="10.99.0.0/16", gateway="10.99.0.1")


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(docker.time, "sleep", lambda _: None)
    host = FakeHost(tmp_path)
    host.engine = Engine(host)
    host.put(layout.DOCKER_SOCKET, "")
    host.answers |= host.engine.answers()
    return host


def settle(host, resource=NETWORK):
    host.forget()
    change = look(resource, host)
    if change:
        resource.apply(host, change)
        host.forget()
    return look(resource, host)


def test_a_network_is_made_and_then_nothing_is_to_do(host):
    assert look(NETWORK, host).verb == "create"
    assert settle(host) is None
    assert "enable_icc=false" in host.commands[-1]


def test_without_docker_there_is_no_network(tmp_path):
    host = FakeHost(tmp_path)
    assert look(NETWORK, host).verb == "create"
    NETWORK.remove(host)
    assert host.commands == []


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("IPAM", "Config", 0, "Subnet"), "10.98.0.0/16", "subnet"),
        (("Options", "com.docker.network.bridge.enable_icc"), "true", "icc"),
        (("Options", "com.docker.network.bridge.name"), "other0", "bridge"),
    ],
)
def test_another_network_of_the_name_is_recreated_unless_it_is_in_use(host, path, value, key):
    settle(host)
    place = host.engine.networks["users"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    host.engine.containers["ours-ada"] = ["users"]
    host.forget()
    assert key in look(NETWORK, host).keys
    with pytest.raises(UserError, match=f"to change its .*{key}.*, but containers run on it") as caught:
        settle(host)
    assert "ours-ada" in caught.value.hint
    host.engine.containers.clear()
    assert settle(host) is None


def test_a_bridge_that_was_deleted(host):
    settle(host)
    host.put("/proc/net/dev", "lo: 1\n")
    host.forget()
    assert look(NETWORK, host).keys == ["device"]
    assert settle(host) is None


def test_an_engine_that_is_just_starting_is_waited_for(host):
    settle(host)
    host.engine.starts_in = 3
    change = look(NETWORK, host)
    host.forget()
    if change is None:
        change = look(NETWORK, host)
    NETWORK.apply(host, change)
    assert settle(host) is None


def test_addresses_of_another_network_are_said(host):
    host.engine.taken = "Pool overlaps with other one on this address space"
    with pytest.raises(UserError, match=r"10\.99\.0\.0/16") as caught:
        settle(host)
    assert "network.subnet" in caught.value.hint


def test_removal_takes_our_containers_and_leaves_others(host):
    settle(host)
    host.engine.containers |= {"ours-ada": ["users"], "guest": ["users", "bridge"], "else": ["bridge"]}
    for _ in range(2):
        DockerNetwork("users", bridge="users0", label="whose").remove(host)
        host.forget()
    assert host.engine.containers == {"guest": ["bridge"], "else": ["bridge"]}
    assert host.engine.networks == {}


def test_removal_without_a_running_engine_says_what_to_do(host):
    settle(host)
    host.engine.starts_in = 99
    host.forget()
    with pytest.raises(UserError, match="does not answer"):
        NETWORK.remove(host)


def test_live_restore_comes_by_reload(host):
    def hup(argv, _input):
        assert argv[-1] == "77"
        host.engine.live = True
        return ""

    host.put(layout.DOCKER_PID, "77")
    host.put("/proc/77/comm", "dockerd")
    host.answers['sh -c kill -HUP "$1"'] = hup
    assert look(LiveRestore(), host).keys == ["loaded"]
    assert settle(host, LiveRestore()) is None


def test_live_restore_that_does_not_come_is_said(host, monkeypatch):
    monkeypatch.setattr(live_restore, "RELOAD_SECONDS", -1)
    with pytest.raises(UserError, match="has not loaded the setting live-restore"):
        settle(host, LiveRestore())


def test_an_engine_is_judged_by_its_answer_then_by_its_program(host):
    assert engine(host).running
    host.engine.starts_in = 9
    host.forget()
    assert engine(host).version == ""
    host.answers["dockerd --version"] = "Docker version 27.0.3, build 7d4bcd8\n"
    assert engine(host).version == "27.0.3"


def test_what_is_asked_goes_to_the_engine_of_this_machine(host, monkeypatch):
    seen = []
    monkeypatch.setattr(FakeHost, "run", lambda _self, argv, **k: seen.append(k["env"]["DOCKER_HOST"]))
    docker.docker(host, "info")
    assert seen == [f"unix://{layout.DOCKER_SOCKET}"]


def test_the_parts(host):
    settings = Settings.model_validate({"network": {"subnet": "172.30.0.0/20"}})
    live, network = part(settings, fake_facts(), ("service:docker",))
    assert network.desired()["gateway"] == "172.30.0.1"
    assert live.needs == (f"json-keys:{layout.DAEMON_JSON}", "service:docker")
    flagged = fake_facts(docker_keeps_containers=True)
    assert [r.kind for r in [*docker_packages(flagged), *part(settings, flagged, ())]] == ["packages", "docker-network"]
