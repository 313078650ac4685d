"""A secret that cannot be used, and a provider that is another, are refused before anything changes."""

import http.server
import json
import threading

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall.preflight import sign_on
from hubinstall.settings.model import Settings

SECRET = "/etc/site/secret"


class Description(http.server.BaseHTTPRequestHandler):
    calls_itself = ""

    def do_GET(self):
        told = {"issuer": self.calls_itself, "authorization_endpoint": f"{self.calls_itself}/auth"}
        told |= {"keys": [{"kty": "RSA"}]} if self.path == "/keys" else {}
        self.send_response(200 if self.path in {"/.well-known/openid-configuration", "/keys", "/no-keys"} else 404)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def issuer(monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), Description) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(Description, "calls_itself", url)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


@pytest.fixture
def host(tmp_path):
    found = FakeHost(tmp_path)
    put(found, "hush\n")
    return found


def put(host, content, mode=0o600):
    file = host.path(SECRET)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    file.chmod(mode)


def settings(issuer, **more):
    oidc = {"issuer": issuer, "client_id": "hub", "client_secret_file": SECRET}
    return Settings.model_validate({"auth": {"type": "oidc", "oidc": oidc}, "users": {"allow_all": True}} | more)


def problems(host, issuer):
    return [f"{what}; {hint}" for _, what, hint in sign_on.problems(host, settings(issuer), fake_facts())]


def warnings(host, made):
    return [f"{what}; {hint}" for _, what, hint in sign_on.warnings(host, made, fake_facts())]


def test_all_is_well(host, issuer):
    assert problems(host, issuer) == []
    assert warnings(host, settings(issuer)) == []


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        ("", 0o600, f"{SECRET} is empty"),
        ("two words", 0o600, f"{SECRET} has more in it than one word"),
        ("hush", 0o640, f"{SECRET} has the mode 0640 and belongs to root: others can read or change it"),
        ("hush", 0o604, f"try `chown root {SECRET}; chmod 600 {SECRET}`"),
    ],
)
def test_a_secret_that_cannot_be_used(host, issuer, content, mode, words):
    put(host, content, mode)
    [found] = problems(host, issuer)
    assert words in found
    assert "hush" not in found


def test_a_secret_that_is_not_there(host, issuer):
    host.path(SECRET).unlink()
    assert problems(host, issuer)[0].startswith(f"there is no file {SECRET}; try writing")
    host.path(SECRET).mkdir()
    assert problems(host, issuer)[0].startswith(f"{SECRET} is not a regular file")


def test_an_issuer_that_calls_itself_otherwise_never_works(host, issuer, monkeypatch):
    monkeypatch.setattr(Description, "calls_itself", "https://login.example.org")
    words = "the provider there calls itself https://login.example.org; try https://login.example.org"
    assert problems(host, issuer) == [words]


def test_a_provider_that_is_away_is_a_warning(host, issuer):
    assert problems(host, f"{issuer}/realms/none") == []
    [found] = warnings(host, settings(f"{issuer}/realms/none"))
    assert found.startswith("there is no OpenID provider there (404): nobody can sign on until it does")
    [found] = warnings(host, settings("http://127.0.0.1:9"))
    assert "Connection refused" in found


def test_settings_for_a_sign_on_that_is_not_used(host):
    made = Settings.model_validate({"auth": {"oidc": {"issuer": "https://login.example.org"}}})
    assert warnings(host, made) == ["has no effect: auth.type is pam; try auth.type: oidc, or leave it out"]


def test_everyone_of_a_provider_where_anyone_can_have_an_account(host, monkeypatch):
    monkeypatch.setattr(sign_on, "provider", lambda *_arguments: sign_on.provider_of_test)
    monkeypatch.setattr(sign_on, "provider_of_test", type("Quiet", (), {"trouble": ""}), raising=False)
    [found] = warnings(host, settings("https://accounts.google.com"))
    assert found.startswith("lets in everyone who has an account at accounts.google.com")


@pytest.mark.parametrize(
    ("path", "words"),
    [("keys", ""), ("no-keys", "there are no keys there: "), ("gone", "there are no keys there (404): ")],
)
def test_a_platform_without_keys_is_a_warning(host, issuer, path, words):
    lti = {"issuer": issuer, "client_id": "hub", "authorize_url": f"{issuer}/auth", "jwks_endpoint": f"{issuer}/{path}"}
    made = Settings.model_validate({"auth": {"type": "lti", "lti": lti}, "users": {"allow_all": True}})
    found = warnings(host, made)
    assert len(found) == bool(words)
    assert all(one.startswith(f"{words}nobody can sign on until it does") for one in found)
