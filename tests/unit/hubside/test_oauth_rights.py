"""The classes of oauthenticator with config.yaml's rights before them: where each sends people, and whom it lets in."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs

import oauthenticator.openshift
import pytest
from jupyterhub import orm
from tornado.web import HTTPError
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from fakes import hub_site
from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from fakes.sign_on_providers import CLUSTER, PROVIDERS
from hubinstall import layout
from hubinstall.hubside import helper
from hubinstall.hubside.oauth_rights import OauthRights, with_rights
from hubinstall.settings.sign_on_classes import PATHS


@pytest.fixture
def made(tmp_path, monkeypatch):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    (tmp_path / "sign_on_secret").write_text("hush\n")
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", lambda _name, _of: None)

    def make(kind, **options):
        path = PATHS[kind]
        sign_on = replace(SETTINGS.sign_on, kind=kind, class_path=path, callback="https://hub.example.org/hub/back")
        settings = replace(SETTINGS, sign_on=sign_on, admins=(), allowed=(), allow_all=False)
        of = with_rights(import_item(path))
        config = Config({of.__name__: {"client_id": "1", **PROVIDERS[kind].options, **options}})
        return of(config=config, hub_settings=settings, enable_auth_state=True)

    return make


@pytest.fixture(scope="module")
def db():
    return hub_site.database()


def test_every_service_is_compared():
    """A wiki is asked first, so it takes one that answers: tests/machine/test_sign_on_forms.py."""
    assert PROVIDERS.keys() == PATHS.keys() - {"mediawiki"}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_people_are_sent_where_the_providers_documentation_says(made, monkeypatch, db, kind):
    """By the redirect of the class's own page, which is what a browser follows."""
    monkeypatch.setattr(oauthenticator.openshift, "HTTPClient", Cluster)
    authenticator, said = made(kind), PROVIDERS[kind]
    assert isinstance(authenticator, OauthRights)
    assert authenticator.token_url == said.token
    pages = [(path, page) for path, page in authenticator.get_handlers(None) if "oauth_login" in path]
    stranger = orm.User(name="nobody-yet", cookie_id="of-no-session")
    browser = hub_site.Browser(hub_site.application(db, authenticator, pages), stranger, "oauth_login")
    answer = asyncio.run(browser.send())
    place, _, query = answer.headers["Location"].partition("?")
    asked = {key: values[0] for key, values in parse_qs(query).items()}
    assert (answer.code, place) == (302, said.authorize)
    assert (asked["client_id"], asked["response_type"]) == ("1", "code")
    assert asked["redirect_uri"] == "https://hub.example.org/hub/back"
    assert {*asked.get("scope", "").split()} == said.scopes
    assert asked["state"]
    assert asked["code_challenge_method"] == "S256"


class Cluster:
    """An OpenShift cluster, which is asked where people sign on (tornado's HTTPClient)."""

    def fetch(self, request):
        assert request.url == "https://openshift.example.org/.well-known/oauth-authorization-server"
        return SimpleNamespace(body=json.dumps(CLUSTER).encode())


def login(authenticator, user_info, **state):
    kept = {
        authenticator.user_auth_state_key: user_info,
        "access_token": "a",
        "token_response": {"access_token": "a", "token_type": "Bearer"},
        **state,
    }

    async def model(_token):
        name = authenticator.user_info_to_username(user_info)
        return await authenticator.update_auth_model({"name": name, "admin": None, "auth_state": kept})

    async def token(*_arguments):
        return {"access_token": "a", "token_type": "Bearer"}

    authenticator._token_to_auth_model = model
    authenticator.get_token_info = token
    authenticator.build_access_tokens_request_params = lambda *_arguments: {}
    return asyncio.run(authenticator.get_authenticated_user(SimpleNamespace(), None))


def test_a_member_of_an_organization_gets_in_and_an_outsider_does_not(made, monkeypatch):
    authenticator = made("github", allowed_organizations=["example"])

    async def in_it(*_arguments):
        return True

    monkeypatch.setattr(authenticator, "_check_membership_allowed_organizations", no)
    with pytest.raises(HTTPError, match="bob is not on the list"):
        login(authenticator, {"login": "bob", "id": 7, "email": "b@x.org"})
    monkeypatch.setattr(authenticator, "_check_membership_allowed_organizations", in_it)
    assert login(authenticator, {"login": "bob", "id": 7, "email": "b@x.org"})["name"] == "bob"
    with pytest.raises(HTTPError, match="belongs to another person"):
        login(authenticator, {"login": "bob", "id": 8, "email": "b@x.org"})


async def no(*_arguments):
    return False


def test_what_a_class_keeps_out_stays_out(made):
    authenticator = made("google", hosted_domain=["example.org"])
    authenticator.hub_settings = replace(authenticator.hub_settings, allow_all=True)
    person = {"email": "bob@elsewhere.org", "verified_email": True, "hd": "elsewhere.org", "id": "7"}
    with pytest.raises(HTTPError, match="may not use this hub"):
        login(authenticator, person)


def test_a_person_of_the_list_is_found_by_the_providers_name(made):
    authenticator = made("github")
    authenticator.hub_settings = replace(authenticator.hub_settings, admins=("bob",))
    assert login(authenticator, {"login": "bob", "id": 7, "email": "b@x.org"})["admin"] is True
