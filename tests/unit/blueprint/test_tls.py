"""What each `https.mode` needs: nothing of an authority's where none is asked, a timer where somebody must renew."""

import configparser
import subprocess

import pytest

from fakes.blueprint import wished
from fakes.facts import fake_facts
from hubinstall import layout
from hubinstall.blueprint import tls
from hubinstall.cli.welcome import welcome
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.settings.model import Settings

AUTHORITY = {"domain": "hub.example.org", "https": {"letsencrypt": {"email": "ops@example.org"}}}
OWN = {"domain": "hub.example.org", "https": {"tls": {"key": "/etc/ssl/hub.key", "cert": "/etc/ssl/hub.pem"}}}
TIMER, PATH = f"service:{layout.CERTIFICATES_TIMER}", f"service:{layout.CERTIFICATES_PATH}"
SCHEDULER = f"service:{layout.CERTIFICATES_SERVICE}"


def acme(settings, **facts) -> AcmeCertificate:
    return next(r for r in wished(settings=settings, **facts).values() if isinstance(r, AcmeCertificate))


@pytest.mark.parametrize("manager", ["systemd", "supervisor"])
def test_a_self_signed_one_needs_neither_certbot_nor_a_timer(manager):
    made = wished(manager)
    assert not [id_ for id_ in made if "certbot" in id_ or "letsencrypt" in id_ or "certificates" in id_]
    assert f"self-signed-certificate:{layout.SELF_SIGNED_CERT}" in made


@pytest.mark.parametrize(
    ("https", "kind"),
    [
        ({}, "self-signed-certificate"),
        ({"tls": {"key": "/etc/ssl/hub.key", "cert": "/etc/ssl/hub.pem"}}, "served-certificate"),
    ],
)
def test_the_certificate_is_also_for_peoples_servers_if_they_have_names(https, kind):
    settings = {"domain": "hub.example.org", "https": https | {"subdomains": True}}
    made = next(r for id_, r in wished(settings=settings).items() if id_.startswith(kind))
    assert (made.names if kind.startswith("self") else made.pairs[0].names) == ("hub.example.org", "*.hub.example.org")


@pytest.mark.parametrize(("settings", "path_unit"), [(AUTHORITY, False), (OWN, True)])
def test_under_systemd_a_timer(settings, path_unit):
    made = wished(settings=settings)
    assert TIMER in made
    assert (PATH in made) == path_unit
    assert SCHEDULER not in made
    unit = made[f"unit:{layout.unit(layout.CERTIFICATES_SERVICE)}"].content
    assert f"\nExecStart={layout.COMMAND} certificate renew --if-due\n" in unit


@pytest.mark.parametrize("settings", [AUTHORITY, OWN])
def test_under_supervisor_a_scheduler(settings):
    made = wished("supervisor", settings=settings)
    assert SCHEDULER in made
    assert TIMER not in made
    program = configparser.RawConfigParser()
    program.read_string(made[f"file:{layout.supervisor_program(layout.CERTIFICATES_SERVICE)}"].content)
    assert program[f"program:{layout.CERTIFICATES_SERVICE}"]["autorestart"] == "true"
    launcher = made[f"file:{layout.launcher(layout.CERTIFICATES_SERVICE)}"].data
    assert subprocess.run(["sh", "-n"], input=launcher, check=False).returncode == 0
    assert f"{layout.COMMAND} certificate renew --if-due".encode() in launcher


def test_the_files_of_the_administrator_are_watched():
    text = wished(settings=OWN)[f"unit:{layout.CERTIFICATES_PATH_UNIT}"].content
    assert "PathChanged=/etc/ssl/hub.pem\nPathChanged=/etc/ssl/hub.key\n" in text


def test_the_hub_comes_up_before_an_authority_is_asked():
    made = wished(settings=AUTHORITY)
    certificate = acme(AUTHORITY)
    assert f"service:{layout.NGINX_SERVICE}" in certificate.needs
    assert f"virtualenv:{tls.virtualenv('certbot', fake_facts())[1]}" in made
    assert not [id_ for id_, r in made.items() if f"acme-certificate:{certificate.name}" in r.needs and id_ != TIMER]


def test_what_the_authority_is_asked():
    certificate = acme(AUTHORITY)
    assert certificate.server == "https://acme-v02.api.letsencrypt.org/directory"
    assert (certificate.names, certificate.email) == (("hub.example.org",), "ops@example.org")
    assert certificate.unsettles == (tls.CERTIFICATE, f"service:{layout.NGINX_SERVICE}")
    several = {"https": {"letsencrypt": {"email": "a@b.org", "domains": ["b.example.org", "a.example.org"]}}}
    assert acme(several).names == ("b.example.org", "a.example.org")


def test_each_server_has_a_certificate_of_its_own():
    """Whoever tries staging finds the real one again."""
    staging = {"https": {"letsencrypt": {"email": "a@b.org", "domains": ["a.example.org"], "staging": True}}}
    real = {"https": {"letsencrypt": {"email": "a@b.org", "domains": ["a.example.org"]}}}
    assert acme(staging).server == "https://acme-staging-v02.api.letsencrypt.org/directory"
    assert acme(staging).name != acme(real).name == acme(AUTHORITY).name


def test_without_a_name_public_addresses_are_asked_for_only_where_that_was_said():
    addresses = ("192.168.1.5", "9.9.9.9", "2620:fe::9")
    said = {"https": {"mode": "letsencrypt"}}
    assert acme(said, addresses=addresses).names == ("9.9.9.9", "2620:fe::9")
    email = {"https": {"letsencrypt": {"email": "ops@example.org"}}}
    assert Settings.model_validate(email).tls_mode == "self-signed"
    assert not [r for r in wished(settings=said, addresses=("192.168.1.5",)).values() if r.kind == "acme-certificate"]


def test_a_key_of_the_administrators_is_never_ours_to_remove():
    made = wished(settings=OWN)
    assert [id_ for id_ in made if "/etc/ssl/hub" in id_] == []
    assert f"self-signed-certificate:{layout.SELF_SIGNED_CERT}" not in made


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "self-signed"),
        (AUTHORITY, "renewed automatically; to check it, run: hubinstall certificate status"),
        (OWN, "your own: a new one in /etc/ssl/hub.pem is used automatically"),
    ],
)
def test_what_was_chosen_is_said(settings, words):
    assert words in welcome(Settings.model_validate(settings), fake_facts(), [], {})


def test_every_name_is_told():
    both = AUTHORITY | {"https": {"letsencrypt": {"email": "a@b.org", "domains": ["jupyter.example.org"]}}}
    said = welcome(Settings.model_validate(both), fake_facts(addresses=("10.0.0.5",)), [], {})
    assert "https://hub.example.org/\n" in said
    assert "or https://jupyter.example.org/" in said
