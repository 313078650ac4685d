"""The way to a sign-on elsewhere: where the hub sends people, what the provider answers, and one that is away."""

from types import SimpleNamespace

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall.machine.openid import Provider
from hubinstall.settings.model import Settings
from hubinstall.verify import probe, sign_on
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.probe import VerifyError

ISSUER = "https://login.example.org"
PLACE = f"{ISSUER}/auth?client_id=hub&redirect_uri=https%3A%2F%2Fhub%2Fback"
SETTINGS = Settings.model_validate({
    "auth": {"type": "oidc", "oidc": {"issuer": ISSUER, "client_id": "hub", "client_secret_file": "/etc/x"}},
    "users": {"allow_all": True},
})  # fmt: skip

WIKI = Settings.model_validate({
    "auth": {"type": "mediawiki", "MWOAuthenticator": {"client_id": "hub", "client_secret_file": "/etc/x"}},
    "users": {"allow_all": True},
})  # fmt: skip


class Client:
    """Of a hub that answers so; `there`: what the provider answers."""

    def __init__(self, status=302, location=PLACE, there=(200, "")):
        self._answer = SimpleNamespace(
            status_code=status, headers={"Location": location} if location else {}, text="<p>away</p>",
            reason_phrase="no",
        )  # fmt: skip
        self._there = there

    def request(self, *_arguments, **_rest):
        return self._answer

    def elsewhere(self, url, _authorities):
        assert url == PLACE
        return self._there


class Report:
    def __init__(self):
        self.said = []

    def phase(self, text):
        self.said.append(text)


def said(host, client, *, follow):
    report = Report()
    probe.elsewhere(host, client, SETTINGS, fake_facts(), report, follow=follow)
    return report.said[1:]


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(sign_on, "provider", lambda *_arguments: Provider(ISSUER, f"{ISSUER}/auth"))
    return FakeHost(tmp_path)


def test_the_page_leads_to_the_provider_and_no_further_unless_asked_for(host):
    assert said(host, Client(), follow=False) == ["verify: login: the page leads to login.example.org"]
    *way, unseen = said(host, Client(), follow=True)
    assert way == [
        "verify: sign-on: the sign-on page leads to login.example.org, which answers 200",
        "verify: sign-on: people come back to https://hub/back",
    ]
    assert unseen.startswith("verify: sign-on: not tried: a person's own login there, the hub's client secret")


def test_a_provider_that_refuses_the_hub_is_a_failure_with_what_to_look_for(host):
    with pytest.raises(VerifyError) as failed:
        said(host, Client(there=(400, "invalid_client")), follow=True)
    assert "login.example.org answers 400 to the hub's request: invalid_client" in failed.value.message
    assert "Is hub a client there, with the redirect URI https://hub/back?" in failed.value.hint


def test_a_provider_that_is_away_fails_no_apply(host, monkeypatch):
    away = Client(503, "")
    assert "the hub sends nobody to the provider" in said(host, away, follow=False)[0]
    with pytest.raises(VerifyError):
        said(host, away, follow=True)
    monkeypatch.setattr(sign_on, "provider", lambda *_arguments: Provider(trouble="it does not answer"))
    with pytest.raises(VerifyError, match="it does not answer"):
        said(host, Client(), follow=True)


@pytest.mark.parametrize("client", [Client(200, ""), Client(302, "/hub/home"), Client(500, "")])
def test_a_hub_that_sends_nobody_there_is_broken(host, client):
    with pytest.raises(VerifyError, match="sends nobody to the provider"):
        said(host, client, follow=False)
    with pytest.raises(HubError):
        sign_on.leads_to(client, SETTINGS)


def test_of_a_wiki_the_consumer_is_named(host, monkeypatch):
    place = "https://wiki.example.org/w/index.php?title=Special:OAuth/authenticate&oauth_token=t&oauth_consumer_key=hub"
    monkeypatch.setattr(Client, "elsewhere", lambda client, *_arguments: client._there)
    way = sign_on.followed(Client(location=place), host, WIKI, fake_facts())
    assert way[:2] == [
        "the sign-on page leads to wiki.example.org, which answers 200",
        "people come back to the address that was registered there",
    ]
    with pytest.raises(HubError) as failed:
        sign_on.followed(Client(location=place, there=(404, "")), host, WIKI, fake_facts())
    assert "Is hub a client there" in failed.value.hint


def test_of_a_learning_platform_the_way_to_it_and_its_keys_are_tried(host, monkeypatch):
    url = "https://moodle.example.org"
    lti = {"issuer": url, "client_id": "hub", "authorize_url": f"{url}/auth", "jwks_endpoint": f"{url}/keys"}
    settings = Settings.model_validate({"auth": {"type": "lti", "lti": lti}, "users": {"allow_all": True}})
    monkeypatch.setattr(sign_on, "keys_trouble", lambda *_arguments: "")
    client = Client(location=f"{url}/auth?client_id=hub&redirect_uri=https%3A%2F%2Fhub%2Fback")
    assert sign_on.begins_at(settings).startswith(
        "hub/lti13/oauth_login?iss=https%3A%2F%2Fmoodle.example.org&client_id=hub"
    )
    assert sign_on.followed(client, host, settings, fake_facts()) == [
        "the hub sends people to moodle.example.org, and the platform shows its keys",
        "people come back to https://hub/back",
        "not tried: a launch from a course there",
    ]
    report = Report()
    probe.elsewhere(host, client, settings, fake_facts(), report, follow=False)
    assert report.said[1:] == ["verify: login: the page leads to moodle.example.org"]
    monkeypatch.setattr(sign_on, "keys_trouble", lambda *_arguments: "there are no keys there (404)")
    with pytest.raises(HubError, match="there are no keys there"):
        sign_on.followed(client, host, settings, fake_facts())
