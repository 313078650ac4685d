"""What keeps nginx from listening where it is to, in every mode."""

import pytest

from fakes.facts import fake_facts
from fakes.fit_machine import fit, listening
from hubinstall import layout
from hubinstall.preflight import checks
from hubinstall.settings.model import Settings


@pytest.fixture
def host(tmp_path, monkeypatch):
    return fit(tmp_path, monkeypatch)


def check(host, **settings):
    host.forget()
    return checks.check(host, Settings.model_validate(settings), fake_facts())


def test_a_web_server_in_front_may_hold_the_usual_ports(host):
    listening(host, "apache2", 4711, 99)
    assert "https.mode to off" in check(host)[0].hint
    off = {"https": {"mode": "off"}, "http": {"port": 8000, "trusted_proxies": ["127.0.0.1"]}}
    assert check(host, **off) == []
    assert [problem.message for problem in checks.check_machine(host)] == ["port 443 is used by apache2 (pid 4711)"]
    host.put(layout.CONFIG_FILE, "https: {mode: off}\n")
    assert checks.check_machine(host) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "collide"),
    [
        ("0100007F", None, True),
        ("0100007F", "127.0.0.1", True),
        ("0100007F", "0.0.0.0", True),  # noqa: S104 - nothing listens
        ("00000000", "127.0.0.1", True),
        ("0100007F", "127.0.0.2", False),
    ],
)
def test_one_address_of_a_port(host, theirs, ours, collide):
    listening(host, "apache2", 4711, 99, address=theirs, port=8000)
    found = check(host, https={"mode": "off"}, http={"port": 8000, "address": ours})
    assert [problem.message for problem in found] == ["port 8000 is used by apache2 (pid 4711)"] * collide


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.0.0.5", ""),
        ("127.0.0.2", ""),
        ("::", ""),
        ("10.0.0.6", "10.0.0.6 is not an address of this machine"),
        ("172.17.0.1", "container network"),
    ],
)
def test_an_address_that_nginx_can_listen_at(host, address, words):
    settings = Settings.model_validate({"https": {"mode": "off"}, "http": {"address": address}})
    found = checks.check(host, settings, fake_facts(addresses=("10.0.0.5",)))
    assert [p.at for p in found] == ([("http", "address")] if words else [])
    assert all(words in p.message and "10.0.0.5" in p.hint and p.code == 78 for p in found)


def test_an_address_is_not_taken_from_other_sites_of_nginx(host):
    settings = Settings.model_validate({"https": {"mode": "off"}, "http": {"address": "127.0.0.1", "port": 81}})
    (problem,) = checks.check(host, settings, fake_facts(nginx_ports=("80", "81")))
    assert "other nginx sites listen on port 81" in problem.message
