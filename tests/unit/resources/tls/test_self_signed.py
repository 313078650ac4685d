"""The self-signed certificate, made by the real openssl in a folder that stands for the machine."""

import subprocess
import time

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost, seen
from hubinstall import layout
from hubinstall.blueprint.tls import tls
from hubinstall.blueprint.urls import certificate_names
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.settings.model import Settings

ADDRESSES = ("10.0.0.5", "2001:db8::7")
KEY, CERT = layout.SELF_SIGNED_KEY, layout.SELF_SIGNED_CERT


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.path(layout.TLS).mkdir(parents=True)

    def openssl(argv, text):
        argv = [str(host.path(word)) if word.startswith(layout.TLS) else word for word in argv]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        return (done.returncode, done.stdout or done.stderr) if done.returncode else done.stdout

    host.answers["openssl"] = openssl
    return host


def certificate(*names_: str) -> SelfSignedCertificate:
    return SelfSignedCertificate(CERT, key=KEY, names=names_)


def made(host, *names_: str) -> SelfSignedCertificate:
    wished = certificate(*names_)
    change = seen(wished, host)
    assert change is not None
    wished.apply(host, change)
    assert seen(wished, host) is None
    return wished


def shown(host, *options: str) -> str:
    argv = ["openssl", "x509", "-in", str(host.path(CERT)), "-noout", *options]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_for_addresses_and_name(host):
    made(host, "lab-1", *ADDRESSES)
    text = shown(host, "-text")
    assert "P-256" in text
    assert "DNS:lab-1" in text
    assert "IP Address:10.0.0.5, IP Address:2001:DB8:0:0:0:0:0:7" in text
    assert "CA:FALSE" in text
    assert host.stat(KEY).mode == "0600"
    assert sorted(host.names(layout.TLS)) == ["self-signed.crt", "self-signed.key"]


def test_a_domain_longer_than_a_common_name_may_be(host):
    made(host, f"{'a' * 60}.{'b' * 60}.example.org")


def test_a_name_in_capitals_is_the_same_name(host):
    made(host, "Lab-1")
    assert seen(certificate("lab-1"), host) is None


def test_an_address_more_changes_nothing(host):
    made(host, "lab-1", "10.0.0.5")
    assert seen(certificate("lab-1", "10.0.0.5", "10.0.0.6"), host) is None
    assert seen(certificate("lab-1"), host) is None


def test_a_name_more_renews_it_for_the_same_key(host):
    made(host, "hub.example.org")
    key = host.read(KEY)
    made(host, "hub.example.org", "*.hub.example.org")
    assert "DNS:*.hub.example.org" in shown(host, "-ext", "subjectAltName")
    assert host.read(KEY) == key


def test_another_address_in_place_of_the_old_one_renews_it_for_the_same_key(host):
    made(host, "lab-1", "10.0.0.5")
    key = host.read(KEY)
    made(host, "lab-1", "10.0.0.6")
    assert host.read(KEY) == key


def test_a_domain_replaces_the_addresses(host):
    made(host, "lab-1", "10.0.0.5")
    assert seen(certificate("hub.example.org"), host).keys == ["names"]
    made(host, "hub.example.org")
    assert "DNS:hub.example.org\n" in shown(host, "-ext", "subjectAltName")


@pytest.mark.parametrize(
    ("damage", "keys"),
    [
        (lambda host: host.path(KEY).chmod(0o644), ["key"]),
        (lambda host: host.path(KEY).unlink(), ["key", "matches"]),
        (lambda host: host.path(KEY).write_text("nonsense"), ["key", "matches"]),
        (lambda host: host.path(CERT).write_text("nonsense"), ["matches", "names", "valid for 30 days"]),
        (lambda host: host.path(CERT).unlink(), ["key", "matches", "names", "valid for 30 days"]),
    ],
)
def test_damage_is_noticed_and_mended(host, damage, keys):
    made(host, "lab-1")
    damage(host)
    assert [key for key in seen(certificate("lab-1"), host).keys if key in keys] == keys
    made(host, "lab-1")


def test_a_key_of_another_pair(host):
    made(host, "lab-1")
    cert = host.read(CERT)
    host.path(KEY).unlink()
    made(host, "lab-1")
    host.path(CERT).write_bytes(cert)
    assert seen(certificate("lab-1"), host).keys == ["matches"]
    made(host, "lab-1")


def test_one_that_ends_soon_is_renewed(host):
    made(host, "lab-1")
    old = ["-key", str(host.path(KEY)), "-subj", "/CN=lab-1", "-addext", "subjectAltName=DNS:lab-1", "-days", "20"]
    subprocess.run(["openssl", "req", "-x509", "-new", *old, "-out", str(host.path(CERT))], check=True)
    assert "valid for 30 days" in seen(certificate("lab-1"), host).keys
    made(host, "lab-1")


def test_one_that_was_made_while_the_clock_was_ahead_is_made_anew(host, monkeypatch):
    made(host, "lab-1")
    with monkeypatch.context() as patched:
        an_hour_ago = time.time() - 3600
        patched.setattr("hubinstall.resources.tls.self_signed.time.time", lambda: an_hour_ago)
        assert seen(certificate("lab-1"), host).keys == ["valid now"]
    assert seen(certificate("lab-1"), host) is None


def test_an_rsa_key_is_replaced(host):
    subprocess.run(["openssl", "genrsa", "-out", str(host.path(KEY)), "2048"], check=True, capture_output=True)
    made(host, "lab-1")


def test_no_private_key_reaches_the_log(host):
    lines = []
    host.log = lines.append
    made(host, "lab-1")
    assert "PRIVATE KEY" not in "".join([*lines, *host.commands])


def test_removal_takes_key_and_certificate(host):
    made(host, "lab-1")
    for _ in range(2):
        SelfSignedCertificate(CERT, key=KEY).remove(host)
        assert host.names(layout.TLS) == []


def test_what_people_call_the_hub():
    assert certificate_names(Settings(domain="hub.example.org"), fake_facts(addresses=ADDRESSES)) == (
        "hub.example.org",
    )
    assert certificate_names(Settings(), fake_facts(hostname="Lab-1", addresses=ADDRESSES)) == ("lab-1", *ADDRESSES)
    assert certificate_names(Settings(), fake_facts(hostname="a name;", addresses=())) == ("localhost",)


def test_the_folder_is_roots_alone():
    assert tls(Settings(), fake_facts())[0].mode == "0700"
