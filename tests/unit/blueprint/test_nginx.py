"""nginx: the site for every kind of machine, and the administrator's own sites left alone."""

import hashlib
import itertools
from typing import Any

import pytest

from fakes import golden
from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.blueprint.nginx import advice, nginx
from hubinstall.machine.facts import Facts
from hubinstall.machine.nginx_sites import Sites, listens, others_sites
from hubinstall.resources.base import look, resource_id
from hubinstall.resources.files.file import Directory, File
from hubinstall.resources.files.unlinked import Unlinked
from hubinstall.settings.model import Settings

FACTS = fake_facts(hostname="Lab-1", addresses=("10.0.0.5", "2001:db8::7"))
DOMAIN = Settings(domain="hub.example.org")
BEHIND = {"port": 8000, "trusted_proxies": ["10.0.0.9", "10.1.0.0/16", "2001:db8:1::/64"]}
DEFAULT_SITE = "server { listen 80 default_server; listen [::]:80 default_server; }\n"


def made(**data: Any) -> Settings:
    return Settings.model_validate(data)


def wished(settings: Settings, facts: Facts, path: str = layout.NGINX_SITE) -> File:
    return next(r for r in nginx(settings, facts) if isinstance(r, File) and r.name == path)


def site(settings: Settings, facts: Facts = FACTS) -> str:
    return str(wished(settings, facts).content)


@pytest.mark.parametrize(
    ("name", "settings", "facts"),
    [
        ("site-addresses.conf", Settings(), FACTS),
        ("site-domain.conf", DOMAIN, fake_facts(addresses=("10.0.0.5",))),
        ("site-prefix-trixie.conf", Settings(domain="hub.example.org", base_url="/jupyter/"),
         fake_facts(codename="trixie", version="13", nginx="1.26", addresses=("10.0.0.5", "2001:db8::7"))),
        ("site-plain.conf", made(domain="hub.example.org", https={"mode": "off"}), FACTS),
        ("site-behind.conf", made(domain="hub.example.org", https={"mode": "off"}, http=BEHIND), FACTS),
        ("site-behind-unnamed.conf", made(base_url="/jupyter/", https={"mode": "off"}, http=BEHIND | {
            "address": "127.0.0.1", "trusted_proxies": ["127.0.0.1", "::1"]}), FACTS),
        ("site-subdomains.conf", made(domain="hub.example.org", https={"subdomains": True}), FACTS),
        ("site-subdomains-behind.conf", made(domain="hub.example.org", base_url="/jupyter/", http=BEHIND,
         https={"mode": "off", "subdomains": True}), FACTS),
        ("site-entrance.conf", made(domain="hub.example.org", http={"entrance": "/jupyter", "max_upload": "1.5G"}),
         FACTS),
    ],
)  # fmt: skip
def test_the_site(name, settings, facts):
    golden.check(name, site(settings, facts))


def test_the_site_with_a_certificate_of_an_authority():
    settings = Settings.model_validate(
        {"domain": "hub.example.org", "https": {"letsencrypt": {"email": "ops@example.org"}}}
    )
    golden.check("site-authority.conf", site(settings))


def test_browsers_insist_on_https_only_where_the_certificate_is_for_good():
    tls = {"key": "/etc/ssl/hub.key", "cert": "/etc/ssl/hub.pem"}
    given = {"email": "ops@example.org", "domains": ["hub.example.org"]}
    for https, insists in (
        ({}, False), ({"tls": tls}, True), ({"letsencrypt": given}, True),
        ({"letsencrypt": given | {"staging": True}}, False),
    ):  # fmt: skip
        text = site(Settings.model_validate({"https": https}))
        assert ("add_header Strict-Transport-Security" in text) == insists
        assert ("/.well-known/acme-challenge/" in text) == ("letsencrypt" in https)


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        (fake_facts(), "X25519:"),
        (fake_facts(version="13"), "X25519MLKEM768:"),
        (fake_facts(distribution="ubuntu", version="24.04"), "X25519:"),
        (fake_facts(distribution="ubuntu", version="25.10"), "X25519MLKEM768:"),
    ],
)
def test_curves_that_openssl_knows(facts, first):
    text = str(wished(Settings(), facts, layout.NGINX_TLS).content)
    assert f"ssl_ecdh_curve {first}" in text


def test_the_tls_profile():
    golden.check("tls.conf", str(wished(Settings(), FACTS, layout.NGINX_TLS).content))


def test_every_file_of_nginx_is_tried_before_it_counts():
    files = [r for r in nginx(Settings(), FACTS) if isinstance(r, File) and r.name.startswith(f"{layout.NGINX_DIR}/")]
    assert [f.check for f in files] == [(layout.NGINX_CHECK, "{}", f.name) for f in files]
    assert len(files) == 2


@pytest.mark.parametrize("data", [{"domain": "hub.example.org"}, {"https": {"mode": "off"}}])
def test_no_two_change_its_folder_at_the_same_time(data):
    """Each test copies the whole folder, and a candidate that vanished meanwhile would end it."""
    resources = {resource_id(one): one for one in blueprint(made(**data), FACTS)}
    writers = [
        id_ for id_, one in resources.items() if one.name.startswith("/etc/nginx/") and not isinstance(one, Directory)
    ]

    def before(id_: str) -> set[str]:
        return {id_}.union(*(before(need) for need in resources[id_].needs))

    assert len(writers) > 2
    assert all(a in before(b) or b in before(a) for a, b in itertools.combinations(writers, 2))


def test_a_host_name_that_dns_could_not_carry_is_not_written():
    assert "bad" not in site(Settings(), fake_facts(hostname="bad$name;", addresses=("10.0.0.5",)))


def test_a_name_that_is_too_long_for_nginxs_table_is_an_expression():
    name = f"{'h' * 60}.example.org"
    assert site(Settings(domain=name)).count(f"server_name ~^{'h' * 60}[.]example[.]org$;") == 2
    named = made(domain=name, https={"subdomains": True})
    assert f"server_name ~^{'h' * 60}[.]example[.]org$ ~^.+[.]{'h' * 60}[.]example[.]org$;" in site(named)
    assert site(Settings(domain=f"{'h' * 34}.example.org")).count(f'server_name "{"h" * 34}.example.org";') == 2


def test_another_default_server_stays():
    facts = fake_facts(addresses=("10.0.0.5",), nginx_ports=("80", "443"), nginx_default_servers=("443",))
    text = site(Settings(), facts)
    assert "listen 443 ssl http2;" in text
    assert "listen 80 default_server;" in text
    assert '"10.0.0.5"' in text
    assert len(advice(Settings(), facts)) == 1
    assert advice(DOMAIN, facts) == advice(Settings(), FACTS) == []


def test_a_default_server_elsewhere_is_none_of_ours():
    facts = fake_facts(addresses=("10.0.0.5",), nginx_ports=("8080",), nginx_default_servers=("8080",))
    assert advice(Settings(), facts) == []
    assert "http://localhost:8080/" in advice(made(https={"mode": "off"}, http={"port": 8080}), facts)[0]


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        ("can read their passwords", made(https={"mode": "off"})),
        ("can read their passwords", made(https={"mode": "off"}, http={"address": "10.0.0.5"})),
        ("", made(https={"mode": "off"}, http={"address": "127.0.0.1"})),
        ("`domain` is not set", made(https={"mode": "off"}, http=BEHIND)),
        ("", made(domain="hub.example.org", https={"mode": "off"}, http=BEHIND)),
    ],
)
def test_plain_http_is_warned_of_where_people_meet_it(said, settings):
    assert [words for words in advice(settings, FACTS) if said in words] == advice(settings, FACTS)
    assert len(advice(settings, FACTS)) == bool(said)


def test_other_names_are_refused_only_where_nobody_else_has_a_site():
    assert site(DOMAIN).count("default_server") == 4
    text = site(DOMAIN, fake_facts(nginx_ports=("80",)))
    assert "return 444" not in text
    assert "ssl_reject_handshake on" in text
    assert "default_server" not in site(DOMAIN, fake_facts(nginx_ports=("80", "443")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("server { listen 80; }", [("80", False)]),
        ("server {\n  listen 80 default_server;\n  listen [::]:443 ssl default;\n}", [("80", True), ("443", True)]),
        (
            "server { listen 8080; listen unix:/run/x.sock; listen 10.0.0.1:443 ssl; }",
            [("8080", False), ("443", False)],
        ),
        ("server { # listen 80 default_server;\n listen localhost; }", [("80", False)]),
        ("server{listen *:80;}", [("80", False)]),
        ("# server { listen 80; }\nlog_format listening '$host';", []),
    ],
)
def test_where_a_site_listens(text, found):
    assert listens(text) == found


def fresh(tmp_path, content=DEFAULT_SITE) -> FakeHost:
    """As the distribution's package leaves it, `content` being what the default site says now."""
    host = FakeHost(tmp_path)
    host.put(layout.NGINX_CONF, "events {}\n")
    host.put(layout.NGINX_DEFAULT_SITE_FILE, content)
    host.path(layout.NGINX_DEFAULT_SITE).parent.mkdir()
    host.path(layout.NGINX_DEFAULT_SITE).symlink_to("../sites-available/default")
    md5 = hashlib.md5(DEFAULT_SITE.encode(), usedforsecurity=False).hexdigest()
    host.put("/var/lib/dpkg/status", f"Package: nginx-common\nConffiles:\n {layout.NGINX_DEFAULT_SITE_FILE} {md5}\n")
    return host


def test_nobody_elses_sites(tmp_path):
    host = fresh(tmp_path)
    host.put(layout.NGINX_SITE, "server { listen 80 default_server; }")
    assert others_sites(host) == Sites()
    assert others_sites(FakeHost(tmp_path / "empty")) == Sites()


def test_the_administrators_sites(tmp_path):
    host = fresh(tmp_path)
    host.put("/etc/nginx/sites-enabled/mine", "server { listen 443 ssl default_server; }")
    host.put("/etc/nginx/conf.d/old.conf.bak", "server { listen 80 default_server; }")
    assert others_sites(host) == Sites(ports=("443",), defaults=("443",))


def test_a_changed_default_site_is_the_administrators(tmp_path):
    host = fresh(tmp_path, content=DEFAULT_SITE + "# mine\n")
    sites = others_sites(host)
    assert sites == Sites(ports=("80",), defaults=("80",), keeps_default_site=True)
    facts = fake_facts(nginx_keeps_default_site=True, nginx_ports=sites.ports, nginx_default_servers=sites.defaults)
    assert not [r for r in nginx(Settings(), facts) if isinstance(r, Unlinked)]


def test_the_default_site_is_unlinked_and_put_back(tmp_path):
    host = fresh(tmp_path)
    resource = next(r for r in nginx(Settings(), FACTS) if isinstance(r, Unlinked))
    resource.apply(host, look(resource, host))
    assert look(resource, host) is None
    assert not host.exists(layout.NGINX_DEFAULT_SITE)
    for _ in range(2):
        Unlinked(layout.NGINX_DEFAULT_SITE, target=layout.NGINX_DEFAULT_SITE_FILE).remove(host)
        assert host.stat(layout.NGINX_DEFAULT_SITE).target == layout.NGINX_DEFAULT_SITE_FILE


def test_before_nginx_is_there_the_missing_link_means_nothing(tmp_path):
    resource = next(r for r in nginx(Settings(), FACTS) if isinstance(r, Unlinked))
    assert look(resource, FakeHost(tmp_path)).before is None
