"""What is wrong with somebody's certificate, found by the real openssl."""

import pytest

from fakes.authority import Authority, openssl
from fakes.host import FakeHost
from hubinstall.resources.tls.x509 import certificate, troubles

CERT, KEY, TRUST = "/etc/ssl/hub.pem", "/etc/ssl/hub.key", "/etc/ssl/roots.crt"
NAME = "hub.example.org"


@pytest.fixture
def host(tmp_path, authority) -> FakeHost:
    host = FakeHost(tmp_path)
    host.answers["openssl"] = openssl(host)
    authority.put(host, CERT, KEY, NAME, "*.hub.example.org")
    host.put(TRUST, authority.pair("unrelated.example.org")[1])
    return host


def said(host: FakeHost, *names: str) -> list[str]:
    return [f"{t.file}: {t.message}" for t in troubles(host, CERT, KEY, names or (NAME,), TRUST)]


def test_a_good_pair(host):
    assert said(host, NAME, "a.hub.example.org") == []
    found = certificate(host, CERT)
    assert found.authority == "Test's Authority"
    assert found.names == {NAME, "*.hub.example.org"}
    assert 89 < (found.ends - found.begins) / 86400 - 1 < 91
    assert int(found.serial, 16) > 0


def test_a_star_stands_for_one_label(host):
    assert said(host, "b.a.hub.example.org") == [
        f"cert: {CERT} is for *.hub.example.org, hub.example.org, not for b.a.hub.example.org"
    ]


def test_another_name(host):
    assert said(host, NAME, "www.example.org")[0].endswith("not for www.example.org")


def test_the_key_of_another(host, authority):
    host.put(KEY, authority.pair(NAME)[2])
    assert said(host) == [f"key: {KEY} is not the key of the certificate"]


def test_a_key_with_a_passphrase(host, authority):
    cert, middle, key = authority.pair(NAME, password=b"secret")
    host.put(CERT, cert + middle)
    host.put(KEY, key)
    assert said(host) == [f"key: {KEY} has a passphrase"]


@pytest.mark.parametrize(("begins", "ends", "words"), [(-90, -1, "expired on"), (1, 90, "is not valid yet")])
def test_one_whose_time_is_not_now(host, authority, begins, ends, words):
    authority.put(host, CERT, KEY, NAME, begins=begins, ends=ends)
    assert [words in line for line in said(host)] == [True]


def test_a_chain_that_is_not_whole(host, authority):
    cert, middle, key = authority.pair(NAME)
    host.put(CERT, cert)
    host.put(KEY, key)
    host.put(TRUST, "")
    assert said(host) == [
        f"cert: {CERT} lacks the certificate of its authority (Test's Authority): some browsers would reject it"
    ]
    host.put(TRUST, middle)
    assert said(host) == [], "its authority is a root that is known here"


def test_a_chain_of_somebody_else(host, authority):
    cert, _, key = authority.pair(NAME)
    host.put(CERT, cert + Authority().pair(NAME)[1])
    host.put(KEY, key)
    assert "lacks the certificate of its authority" in said(host)[0]


def test_a_self_signed_one_needs_no_chain(host):
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={NAME}"]
    names = ["-addext", f"subjectAltName=DNS:{NAME}"]
    host.run(["openssl", "req", "-x509", *options, *names, "-keyout", KEY, "-out", CERT])
    assert said(host) == []


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        (CERT, None, f"cert: {CERT} does not exist or is not a file"),
        (KEY, None, f"key: {KEY} does not exist or is not a file"),
        (CERT, "0\x82", f"cert: {CERT} is not PEM"),
        (CERT, "-----BEGIN PRIVATE KEY-----\nx\n", f"cert: there is no certificate in {CERT}"),
        (KEY, "-----BEGIN CERTIFICATE-----\nx\n", f"key: there is no private key in {KEY}"),
    ],
)
def test_files_that_are_something_else(host, path, content, words):
    host.remove(path) if content is None else host.put(path, content)
    assert said(host) == [words]


def test_a_file_that_cannot_be_read(host, monkeypatch):
    def refused(path, size=-1):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(host, "read", refused)
    assert f"key: {KEY} cannot be read: Permission denied" in said(host)


def test_where_openssl_is_not_there_yet_the_files_alone_are_looked_at(host):
    del host.answers["openssl"]
    assert said(host) == []
    host.remove(KEY)
    assert said(host) == [f"key: {KEY} does not exist or is not a file"]
