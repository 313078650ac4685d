"""What the first run finds in its shell stays in config.yaml; later runs have other shells."""

import pytest

from fakes.command import command
from hubinstall import layout
from hubinstall.config.validate import load


@pytest.fixture
def call(tmp_path, monkeypatch):
    return command(tmp_path, monkeypatch)


def network(call):
    return load(call.world.host.text(layout.CONFIG_FILE)).settings.network


def test_the_first_run_keeps_it_and_says_so(call, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://ada:pass@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,.a.org,*.b.org")
    monkeypatch.setenv("SSL_CERT_FILE", "/root/site.pem")
    assert call("apply").code == 0
    assert network(call).proxy == "http://ada:pass@proxy.example:3128"
    assert network(call).no_proxy == (".a.org", ".b.org")
    assert network(call).ca_bundle == "/root/site.pem"
    notes = call.world.host.notices
    assert "config.yaml says network.proxy from now on: it was taken from https_proxy in this shell" in notes


def test_flags_and_the_file_count_before_the_shell(call, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://shell:1")
    monkeypatch.setenv("PIP_INDEX_URL", "https://shell/simple")
    call.world.host.put(layout.CONFIG_FILE, "network: {pip_index: https://file/simple}\n")
    assert call("apply --proxy http://flag:1").code == 0
    assert network(call).proxy == "http://flag:1"
    assert network(call).pip_index == "https://file/simple"
    assert call.world.host.notices == []


def test_a_later_run_does_not_ask_the_shell(call, monkeypatch):
    assert call("apply").code == 0
    monkeypatch.setenv("HTTPS_PROXY", "http://shell:1")
    assert call("apply").code == 0
    assert network(call).proxy is None


def test_what_the_shell_says_wrongly_is_named_by_its_variable(call, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://ada:pass@proxy:1080")
    said = call("apply")
    assert said.code == 78
    assert "HTTPS_PROXY=socks5://ada:…@proxy:1080: " in said.err
    assert "pass" not in said.err


def test_commands_go_the_way_of_the_file(call, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://shell:1")
    call.world.host.put(layout.CONFIG_FILE, "network: {proxy: 'http://file:1'}\n")
    assert call("apply").code == 0
    assert call.world.host.environment("https_proxy") == "http://file:1"
    assert "10.99.0.0/16" in call.world.host.environment("NO_PROXY")
