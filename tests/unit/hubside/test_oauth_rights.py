"""The classes of oauthenticator with config.yaml's rights before them: where each sends people, and whom it lets in."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tornado.web import HTTPError
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import helper
from hubinstall.hubside.oauth_rights import OauthRights, with_rights
from hubinstall.settings.sign_on_classes import PATHS

DOCUMENTED = {
    "github": "https://github.com/login/oauth/authorize",
    "gitlab": "https://gitlab.example.org/oauth/authorize",
    "google": "https://accounts.google.com/o/oauth2/v2/auth",
    "bitbucket": "https://bitbucket.org/site/oauth2/authorize",
    "auth0": "https://example.auth0.com/authorize",
    "cilogon": "https://cilogon.org/authorize",
    "azuread": "https://login.microsoftonline.com/T/oauth2/authorize",
    "globus": "https://auth.globus.org/v2/oauth2/authorize",
}
"""Where each provider's documentation says that people are sent. OpenShift's is asked of the cluster."""
MORE = {
    "gitlab": {"gitlab_url": "https://gitlab.example.org"},
    "auth0": {"auth0_domain": "example.auth0.com"},
    "azuread": {"tenant_id": "T"},
    "cilogon": {
        "allowed_idps": {"https://github.com/login/oauth/authorize": {"username_derivation": {"username_claim": "sub"}}}
    },
}


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
        config = Config({of.__name__: {"client_id": "1", **MORE.get(kind, {}), **options}})
        return of(config=config, hub_settings=settings, enable_auth_state=True)

    return make


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_people_are_sent_where_the_providers_documentation_says(made, kind):
    authenticator = made(kind)
    assert isinstance(authenticator, OauthRights)
    assert authenticator.authorize_url == DOCUMENTED[kind]
    assert authenticator.client_id == "1"
    assert authenticator.get_callback_url(None) == "https://hub.example.org/hub/back"


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
