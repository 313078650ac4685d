"""Where the hub is reached, in every mode: scheme, name, port and path."""

import dataclasses

import pytest

from fakes.facts import fake_facts
from hubinstall.blueprint import urls as blueprint_urls
from hubinstall.settings.model import Settings

FACTS = fake_facts(hostname="lab", addresses=("10.0.0.5", "2001:db8::5"))


def made(**data) -> Settings:
    return Settings.model_validate(data)


def off(**http) -> Settings:
    return made(https={"mode": "off"}, http=http)


@pytest.mark.parametrize(
    ("settings", "urls"),
    [
        (made(), ["https://10.0.0.5/", "https://[2001:db8::5]/"]),
        (made(domain="hub.example.org", base_url="/jupyter/"), ["https://hub.example.org/jupyter/"]),
        (off(), ["http://10.0.0.5/", "http://[2001:db8::5]/"]),
        (off(port=8000), ["http://10.0.0.5:8000/", "http://[2001:db8::5]:8000/"]),
        (off(port=443, address="127.0.0.1"), ["http://127.0.0.1:443/"]),
        (off(address="::1"), ["http://[::1]/"]),
        (off(address="0.0.0.0"), ["http://10.0.0.5/", "http://[2001:db8::5]/"]),  # noqa: S104 - nothing listens
        (made(domain="hub.example.org", https={"mode": "off"}, http={"port": 8000}), ["http://hub.example.org:8000/"]),
    ],
)
def test_what_people_type(settings, urls):
    assert blueprint_urls.urls(settings, FACTS) == urls


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (made(domain="hub.example.org"), ""),
        (made(domain="hub.example.org", https={"subdomains": True}), "https://hub.example.org"),
        (made(domain="hub.example.org", base_url="/jupyter/", https={"mode": "off", "subdomains": True},
              http={"port": 8000, "trusted_proxies": ["10.0.0.9"]}), "https://hub.example.org"),
    ],
)  # fmt: skip
def test_below_which_name_servers_have_theirs(settings, host):
    assert blueprint_urls.subdomain_host(settings) == host


def test_a_machine_without_an_address_has_its_name():
    assert blueprint_urls.urls(made(), fake_facts(hostname="lab")) == ["https://lab/"]


@pytest.mark.parametrize(
    ("settings", "address", "port"),
    [
        (made(), "127.0.0.1", 443),
        (off(), "127.0.0.1", 80),
        (off(address="0.0.0.0", port=8000), "127.0.0.1", 8000),  # noqa: S104 - nothing listens
        (off(address="::", port=8000), "::1", 8000),
        (off(address="10.0.0.5"), "10.0.0.5", 80),
    ],
)
def test_where_the_machine_itself_connects(settings, address, port):
    assert (blueprint_urls.connect_to(settings), blueprint_urls.port(settings)) == (address, port)


def test_a_default_server_of_somebody_elses_is_passed_by_the_machines_name():
    adopted = dataclasses.replace(FACTS, nginx_default_servers=("443",))
    assert blueprint_urls.check_url(made(), FACTS) == "https://10.0.0.5/"
    assert blueprint_urls.check_url(made(base_url="/hub7/"), adopted) == "https://lab/hub7/"
    assert blueprint_urls.check_url(made(domain="hub.example.org"), adopted) == "https://hub.example.org/"
    assert blueprint_urls.check_url(made(), dataclasses.replace(adopted, hostname="_")) == "https://10.0.0.5/"
    assert blueprint_urls.check_url(off(port=8000), adopted) == "http://10.0.0.5:8000/"
