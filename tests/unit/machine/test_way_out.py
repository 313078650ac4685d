"""What the usual variables of a shell mean, and what programs are told."""

import socket

import pytest

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine import way_out
from hubinstall.machine.way_out import WayOut, meant

PEM = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("shell", "found"),
    [
        ({}, {}),
        ({"HTTPS_PROXY": "http://p:1", "http_proxy": "http://q:2"}, {"network.proxy": ("HTTPS_PROXY", "http://p:1")}),
        ({"http_proxy": "p:3128"}, {"network.proxy": ("http_proxy", "http://p:3128")}),
        ({"NO_PROXY": "a.org"}, {}),
        (
            {"http_proxy": "http://p:1", "no_proxy": "localhost, .a.org,127.0.0.1 b.org:8080"},
            {"network.proxy": ("http_proxy", "http://p:1"), "network.no_proxy": ("no_proxy", ".a.org,b.org")},
        ),
        ({"http_proxy": "http://p:1", "no_proxy": "localhost"}, {"network.proxy": ("http_proxy", "http://p:1")}),
        ({"SSL_CERT_FILE": layout.TRUST_STORE, "PIP_CERT": "/x.pem"}, {"network.ca_bundle": ("PIP_CERT", "/x.pem")}),
        ({"REQUESTS_CA_BUNDLE": layout.TRUST_STORE}, {}),
        (
            {"PIP_INDEX_URL": "https://m/simple", "npm_config_registry": "https://m/npm"},
            {
                "network.pip_index": ("PIP_INDEX_URL", "https://m/simple"),
                "network.npm_registry": ("npm_config_registry", "https://m/npm"),
            },
        ),
        ({"PIP_INDEX_URL": "file:///opt/simple"}, {}),
    ],
)
def test_what_a_shell_means(shell, found):
    assert meant(shell) == found


def test_what_goes_past_a_proxy_counts_with_a_proxy_from_elsewhere():
    assert meant({"NO_PROXY": "a.org"}, proxied=True) == {"network.no_proxy": ("NO_PROXY", "a.org")}


def test_programs_are_told_in_both_cases():
    told = WayOut("http://p:1", ("10.9.0.1",), "/ca.pem", "https://m/simple", "https://m/npm").variables()
    assert told["https_proxy"] == told["HTTPS_PROXY"] == told["http_proxy"] == told["HTTP_PROXY"] == "http://p:1"
    assert told["no_proxy"] == told["NO_PROXY"] == "localhost,127.0.0.1,127.0.0.0/8,::1,10.9.0.1"
    assert told["UV_DEFAULT_INDEX"] == told["PIP_INDEX_URL"] == "https://m/simple"
    assert told["npm_config_registry"] == "https://m/npm"
    assert {told[name] for name in way_out.AUTHORITIES} == {"/ca.pem"}
    assert WayOut().variables() == {}


@pytest.mark.parametrize(
    ("index", "trusted"),
    [("https://m/simple", None), ("http://m:8081/simple", "m:8081"), ("http://ada:p%40ss@m/simple", "m")],
)
def test_pip_takes_an_index_without_tls(index, trusted):
    assert WayOut(python_index=index).variables().get("PIP_TRUSTED_HOST") == trusted


def test_first_downloads_go_where_flags_then_the_shell_say(monkeypatch):
    monkeypatch.setattr(way_out, "saved", lambda: {"HTTPS_PROXY": "http://old:1", "SSL_CERT_FILE": layout.TRUST_STORE})
    assert way_out.for_first_downloads({}, {})["https_proxy"] == "http://old:1"
    told = way_out.for_first_downloads({"network.proxy": "http://flag:1"}, {"https_proxy": "http://shell:1"})
    assert told["https_proxy"] == "http://flag:1"
    assert "SSL_CERT_FILE" not in told, "the distribution's own trust store needs no word"


def test_authorities_that_are_not_there_are_refused_before_anything_is_installed():
    with pytest.raises(UserError, match=r"/none/site\.pem is not a file on this machine") as refused:
        way_out.for_first_downloads({"network.ca_bundle": "/none/site.pem"}, {})
    assert refused.value.code == 78


def test_a_file_of_variables_can_be_read_again(tmp_path):
    variables = WayOut("http://u:p%25@h:1").variables()
    text = way_out.as_file(variables, ())
    file = tmp_path / "env"
    file.write_text(text)
    found = way_out.saved(str(file))
    assert found.pop(way_out.MARK)
    assert found == variables
    assert way_out.saved(str(tmp_path / "none")) == {}
    assert way_out.values(way_out.as_file(variables, (PEM,)))[way_out.MARK] != way_out.values(text)[way_out.MARK]


def test_addresses_of_a_proxy(monkeypatch):
    assert way_out.addresses_of("", "") == ()
    assert way_out.addresses_of("10.1.2.3", "") == ("10.1.2.3",)

    def fails(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    assert way_out.addresses_of("p.example", "table x\n# network.proxy p.example: 10.1.2.3 10.1.2.4\n") == (
        "10.1.2.3",
        "10.1.2.4",
    )
    assert way_out.addresses_of("q.example", "# network.proxy p.example: 10.1.2.3\n") == ()


def test_certificates_of_a_bundle():
    messy = f"# the site\n{PEM}\n-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n" + PEM.replace(
        "\n", "\r\n"
    )
    assert way_out.certificates(messy) == (PEM,)
    assert way_out.certificates("nothing") == ()
