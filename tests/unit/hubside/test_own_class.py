"""A site's own class, with config.yaml's rights before it."""

import asyncio
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import pytest
from jupyterhub.auth import Authenticator
from oauthenticator.generic import GenericOAuthenticator
from tornado.web import HTTPError
from traitlets import Unicode
from traitlets.config import Config

from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import helper
from hubinstall.hubside.oauth_rights import OauthRights
from hubinstall.hubside.own_class import OwnClassRights, own_class
from hubinstall.hubside.seen import GoneError


class SiteAuth(Authenticator):
    word = Unicode("", config=True)

    async def authenticate(self, handler, data):
        if data["password"] != self.word:
            return None
        return {"name": data["username"], "admin": True} if data["username"] == "ALICE" else data["username"]

    async def refresh_user(self, user, handler=None):
        return user.name != "gone"


class SiteOauth(GenericOAuthenticator):
    """A subclass of oauthenticator's."""


@pytest.fixture
def made(tmp_path, monkeypatch):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", lambda _name, _of: None)
    module = ModuleType("site_auth")
    module.SiteAuth, module.SiteOauth, module.nothing = SiteAuth, SiteOauth, 1
    monkeypatch.setitem(sys.modules, "site_auth", module)

    def make(name="SiteAuth", **options):
        settings = replace(SETTINGS, admins=(), allowed=("bob",), allow_all=False)
        of = own_class(f"site_auth.{name}", options)
        return of(config=Config({name: options}), hub_settings=settings, enable_auth_state=True)

    return make


def login(authenticator, name, password):
    return asyncio.run(authenticator.get_authenticated_user(None, {"username": name, "password": password}))


def test_the_class_says_who_it_is_and_the_settings_who_may(made):
    authenticator = made(word="sesame")
    assert isinstance(authenticator, OwnClassRights)
    assert login(authenticator, "bob", "wrong") is None
    assert login(authenticator, "Bob", "sesame")["name"] == "bob", "as the class writes names"
    assert login(authenticator, "ALICE", "sesame")["admin"] is True
    with pytest.raises(HTTPError, match="carol is not on the list"):
        login(authenticator, "carol", "sesame")


def test_the_lists_of_the_class_count_too(made):
    assert login(made(word="sesame", allowed_users={"carol"}), "carol", "sesame")["name"] == "carol"


def test_the_class_is_asked_again_by_its_own_method(made):
    authenticator = made()
    assert asyncio.run(authenticator._ask(SimpleNamespace(name="bob"), {})) is None
    with pytest.raises(GoneError):
        asyncio.run(authenticator._ask(SimpleNamespace(name="gone"), {}))


def test_a_class_of_oauthenticators_is_asked_again_as_these_are(made):
    assert isinstance(made("SiteOauth", client_id="1"), OauthRights)


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("site_auth.SiteAuht", {}, "auth.type: site_auth.SiteAuht cannot be imported: "),
        ("no_such_module.X", {}, "ModuleNotFoundError"),
        ("site_auth.nothing", {}, "is no authenticator of JupyterHub's"),
        ("site_auth.SiteAuth", {"wrod": "x"}, "auth.SiteAuth.wrod: SiteAuth has no such option\n  Did you mean word?"),
    ],
)
def test_what_cannot_be_used_ends_the_hub_with_words(made, capsys, path, options, words):
    with pytest.raises(SystemExit) as ended:
        own_class(path, options)
    assert ended.value.code == 78
    assert words in capsys.readouterr().err
