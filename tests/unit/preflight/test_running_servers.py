"""A change that would leave people's servers out of reach is refused, or ends them."""

import json

import pytest

from fakes.facts import fake_facts
from fakes.fit_machine import engine, fit
from hubinstall import layout
from hubinstall.preflight import checks, docker, running_servers
from hubinstall.settings.model import Settings


@pytest.fixture
def host(tmp_path, monkeypatch):
    return fit(tmp_path, monkeypatch)


def messages(host, **settings):
    host.forget()
    return [problem.message for problem in checks.check(host, Settings.model_validate(settings), fake_facts())]


def test_what_cannot_change_while_servers_run(host):
    engine(host)
    pool = {"Subnet": "10.99.0.0/16", "Gateway": "10.99.0.1"}
    network = {"IPAM": {"Config": [pool]}, "Containers": {"x": {"Name": "jupyter-ada"}}}
    host.answers |= {"docker ps": '"jupyter-ada"\n', f"GET /networks/{layout.NETWORK}": json.dumps(network)}
    host.put(layout.HUB_SETTINGS, '{"base_url": "/"}')
    assert messages(host) == []
    assert "cannot change from 10.99.0.0/16" in messages(host, network={"subnet": "10.98.0.0/16"})[0]
    assert "cannot change from /" in messages(host, base_url="/jupyter/")[0]
    assert docker.user_servers(host) == ["jupyter-ada"]
    named = {"domain": "hub.example.org", "https": {"subdomains": True}}
    assert "cannot change from false" in messages(host, **named)[0]
    host.put(layout.HUB_SETTINGS, '{"base_url": "/", "subdomain_host": "https://hub.example.org"}')
    assert messages(host, **named) == []
    assert "cannot change from true" in messages(host, domain="hub.example.org")[0]
    assert "cannot change from hub.example.org" in messages(host, **named | {"domain": "lab.example.org"})[0]


def test_servers_that_nobody_would_reach_any_more_end_with_yes(host):
    engine(host)
    names = [f"jupyter-{number}" for number in range(7)]
    host.answers |= {"docker ps": "".join(f'"{name}"\n' for name in names), "docker stop": ""}
    host.put(layout.HUB_SETTINGS, '{"base_url": "/"}')
    same, other = Settings(), Settings(base_url="/jupyter/")
    assert (running_servers.servers(host, same), running_servers.servers(host, other)) == ([], names)
    (problem,) = checks.check(host, other, fake_facts())
    assert (problem.code, problem.at) == (78, ("base_url",))
    assert problem.hint.endswith("jupyter-0, jupyter-1, jupyter-2, jupyter-3, jupyter-4 and 2 more")
    assert checks.check(host, other, fake_facts(), may_stop_servers=True) == []
    running_servers.end(host, names)
    assert host.commands[-1] == f"docker stop -t 20 {' '.join(names)}"
