"""A certificate that could not be served is refused before anything changes, at its place in config.yaml."""

import pytest

from fakes.authority import openssl
from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.config.explain import placed
from hubinstall.config.yaml.parser import parse
from hubinstall.errors import BAD_CONFIGURATION
from hubinstall.preflight import checks
from hubinstall.settings.model import Settings

CERT, KEY = "/etc/ssl/hub.pem", "/etc/ssl/hub.key"
TEXT = f"domain: hub.example.org\nhttps:\n  tls:\n    key: {KEY}\n    cert: {CERT}\n"
MANUAL = {"domain": "hub.example.org", "https": {"tls": {"key": KEY, "cert": CERT}}}


@pytest.fixture
def host(tmp_path) -> FakeHost:
    host = FakeHost(tmp_path)
    host.answers["openssl"] = openssl(host)
    return host


def refused(host, settings, **facts) -> list[checks.Problem]:
    host.forget()
    made = Settings.model_validate(settings)
    found = checks.check(host, made, fake_facts(**facts))
    return [problem for problem in found if problem.at[:1] == ("https",)]


def test_a_good_pair_is_fine(host, authority):
    authority.put(host, CERT, KEY, "hub.example.org")
    assert refused(host, MANUAL) == []


def test_everything_that_is_wrong_at_its_place(host, authority):
    authority.put(host, CERT, KEY, "other.example.org", begins=-90, ends=-1)
    host.put(KEY, authority.pair("other.example.org")[2])
    found = refused(host, MANUAL)
    assert {problem.code for problem in found} == {BAD_CONFIGURATION}
    lines = [str(placed(parse(TEXT), layout.CONFIG_FILE, p.at, p.message, p.hint)) for p in found]
    assert [line.partition(": /")[0] for line in lines] == [
        f"{layout.CONFIG_FILE}:4:10: https.tls.key",
        f"{layout.CONFIG_FILE}:5:11: https.tls.cert",
        f"{layout.CONFIG_FILE}:5:11: https.tls.cert",
    ]
    assert all("; try " in line for line in lines)


def test_files_that_are_not_there(host):
    assert [p.at for p in refused(host, MANUAL)] == [("https", "tls", "cert"), ("https", "tls", "key")]


def test_an_authority_needs_something_to_certify(host):
    said = {"https": {"mode": "letsencrypt"}}
    [problem] = refused(host, said, addresses=("192.168.1.5", "fd00::1"))
    assert (problem.at, problem.code) == (("https", "mode"), BAD_CONFIGURATION)
    assert refused(host, said, addresses=("192.168.1.5", "9.9.9.9")) == []
    assert refused(host, MANUAL | {"https": {"mode": "letsencrypt"}}, addresses=()) == []
