"""What goes past the site's proxy, for this process, the hub and certbot alike."""

import ssl
import urllib.request

import pytest
from requests.utils import should_bypass_proxies

from hubinstall.machine.https_client import goes_past, opener

NO_PROXY = "localhost,127.0.0.1,127.0.0.0/8,::1,10.99.0.0/16, mirror.example,.intra.example,192.0.2.7"


@pytest.mark.parametrize(
    ("url", "past"),
    [
        ("https://mirror.example/a", True),
        ("https://mirror.example:8443/a", True),
        ("https://login.intra.example/realms/a", True),
        ("https://LOGIN.INTRA.EXAMPLE/", True),
        ("https://localhost:8443/", True),
        ("https://127.9.9.9/", True),
        ("https://10.99.3.4:5000/", True),
        ("https://192.0.2.7/", True),
        ("https://10.98.3.4/", False),
        ("https://login.example/", False),
        ("https://notintra.example/", False),
    ],
)
def test_it_is_decided_as_the_hub_and_certbot_decide(url, past, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert goes_past(url, NO_PROXY) is past
    assert should_bypass_proxies(url, NO_PROXY) is past


@pytest.mark.parametrize(
    ("way_out", "proxies"),
    [
        ({}, {}),
        ({"HTTPS_PROXY": "http://p:1"}, {"https": "http://p:1"}),
        ({"https_proxy": "http://p:1", "no_proxy": "a.org"}, {"https": "http://p:1"}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example"}, {}),
    ],
)
def test_what_it_opens_goes_through_the_proxy_or_not(way_out, proxies):
    made = opener("https://mirror.example/a", way_out, ssl.create_default_context())
    handlers = [each for each in made.handlers if isinstance(each, urllib.request.ProxyHandler)]
    assert [each.proxies for each in handlers] == ([proxies] if proxies else [])
