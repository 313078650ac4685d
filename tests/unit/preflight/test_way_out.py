"""What is said of a proxy and of authorities that cannot be used on this machine."""

import subprocess

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall.machine.way_out import certificates
from hubinstall.preflight import way_out
from hubinstall.settings.model import Settings

PATH = "/etc/ssl/site.pem"
SITE = Settings.model_validate({"network": {"proxy": "http://proxy.example:3128", "ca_bundle": PATH}})


@pytest.fixture(scope="module")
def pem() -> str:
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
    ]
    return subprocess.run([*made, "-keyout", "/dev/null"], capture_output=True, text=True, check=True).stdout


def told(tmp_path, content, addresses=("10.1.2.3",)):
    host = FakeHost(tmp_path)
    if content is not None:
        host.put(PATH, content)
    facts = fake_facts(proxy_addresses=addresses, authorities=certificates(host.text(PATH)))
    return [f"{'.'.join(at)}: {message}" for at, message, _ in way_out.problems(host, SITE, facts)]


def test_what_can_be_used_is_no_problem(tmp_path, pem):
    assert told(tmp_path, pem) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, f"{PATH} is not a file on this machine"),
        ("", f"{PATH} has no certificate in it"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", f"{PATH} has no certificate in it"),
        ("0\x82\x01", f"{PATH} is in DER form"),
        (
            "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n",
            f"{PATH} has a certificate that cannot be read",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, words):
    assert told(tmp_path, content) == [f"network.ca_bundle: {words}"]


def test_a_proxy_without_an_address(tmp_path, pem):
    assert told(tmp_path, pem, ()) == ["network.proxy: proxy.example does not resolve on this machine"]


@pytest.mark.parametrize(("addresses", "why"), [(("127.0.0.1",), "loopback"), (("fd00::1",), "only IPv6")])
def test_a_proxy_that_user_servers_cannot_reach_is_a_warning(addresses, why):
    [(at, message, hint)] = way_out.warnings(SITE, fake_facts(proxy_addresses=addresses))
    assert at == ("network", "proxy")
    assert why in message
    assert hint.startswith("try ")
    assert list(way_out.warnings(SITE, fake_facts(proxy_addresses=("10.1.2.3", *addresses)))) == []
