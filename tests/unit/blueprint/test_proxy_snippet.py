"""What `config proxy-snippet` prints for the web server in front: made from the settings, whole, ready to paste."""

import re

import pytest

from fakes import golden
from hubinstall.blueprint.proxy_snippet import missing, snippet, upstream
from hubinstall.errors import UserError
from hubinstall.settings.model import Settings

HERE = ("10.0.0.5", "2001:db8::7")


def behind(**data) -> Settings:
    http = {"port": 8000, "trusted_proxies": ["10.0.0.9"]} | data.pop("http", {})
    return Settings.model_validate({"https": {"mode": "off"}, "http": http, **data})


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_a_whole_site(server):
    golden.check(f"snippet-{server}.conf", snippet(server, behind(domain="hub.example.org"), HERE))
    under_a_path = behind(base_url="/jup.yter/", http={"address": "10.0.0.5", "max_upload": "10G"})
    golden.check(f"snippet-{server}-unnamed.conf", snippet(server, under_a_path, HERE))


@pytest.mark.parametrize(
    ("server", "needed"),
    [
        (
            "nginx",
            [
                r"proxy_set_header Upgrade \$http_upgrade;",
                r"proxy_set_header X-Forwarded-For \$remote_addr;",
                r"proxy_set_header X-Forwarded-Proto \$scheme;",
                r"client_max_body_size 10g;",
                r"proxy_read_timeout 1d;",
                r"proxy_request_buffering off;",
                r"location /jupyter/ {\s+proxy_pass http://10\.0\.0\.5:8000;",
            ],
        ),
        (
            "apache",
            [
                r"upgrade=websocket .*timeout=86400",
                r'RequestHeader set X-Forwarded-For "expr=%{REMOTE_ADDR}"',
                r'RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"',
                r"ProxyAddHeaders Off",
                r"ProxyPreserveHost On",
                r"LimitRequestBody 10737418240",
                r'ProxyPass "/jupyter/" "http://10\.0\.0\.5:8000/jupyter/"',
            ],
        ),
    ],
)
def test_what_the_hub_cannot_do_without(server, needed):
    text = snippet(server, behind(base_url="/jupyter/", http={"max_upload": "10G"}), HERE)
    assert [pattern for pattern in needed if not re.search(pattern, text)] == []


@pytest.mark.parametrize(
    ("http", "where"),
    [
        ({}, "10.0.0.5:8000"),
        ({"address": "192.168.1.1"}, "192.168.1.1:8000"),
        ({"address": "::1"}, "[::1]:8000"),
        ({"address": "0.0.0.0"}, "10.0.0.5:8000"),  # noqa: S104 - nothing listens
        ({"trusted_proxies": ["127.0.0.1"]}, "127.0.0.1:8000"),
        ({"trusted_proxies": ["::1"]}, "[::1]:8000"),
    ],
)
def test_where_the_other_web_server_finds_the_hub(http, where):
    assert upstream(behind(http=http), HERE) == where


def test_a_machine_without_an_address_is_found_on_loopback():
    assert upstream(behind(), ()) == "127.0.0.1:8000"


def test_where_nginx_speaks_tls_itself_there_is_none():
    with pytest.raises(UserError, match="self-signed") as raised:
        snippet("nginx", Settings(), HERE)
    assert "https.mode off" in raised.value.hint


def test_what_is_still_to_be_set_is_said():
    assert missing(behind()) == ""
    assert "add-item http.trusted_proxies" in missing(behind(http={"trusted_proxies": []}))
