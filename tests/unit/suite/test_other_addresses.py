"""The machine suite's choice of an address: what it leaves out is there, and its settings are some."""

import re

import pytest

from checkout_path import CHECKOUT
from harness import addresses, front
from hubinstall.blueprint.proxy_snippet import snippet
from hubinstall.config.validate import load


def test_what_is_left_out_is_there():
    assert [file for file in addresses.LEFT_OUT if not (CHECKOUT / "tests/machine" / file).is_file()] == []


@pytest.mark.parametrize("address", addresses.ADDRESSES.values(), ids=addresses.ADDRESSES.keys())
def test_the_settings_are_what_the_tests_go_by(address):
    settings = load(address.settings, "config.yaml").settings
    assert settings.base_url == address.path
    assert (settings.tls_mode == "off") == address.behind
    assert address.ports == ((settings.http.port,) if address.behind else (80, 443))


def test_the_web_server_in_front_listens_at_its_own_address_only():
    text = snippet("nginx", load(addresses.ADDRESSES["behind"].settings, "config.yaml").settings, ["10.88.200.2"])
    listens = re.findall(r"listen +(.*);", front.listening_at("10.88.200.1", text))
    assert listens == ["10.88.200.1:80", "10.88.200.1:443 ssl"]
    assert "proxy_pass http://10.88.200.2:8000;" in text
