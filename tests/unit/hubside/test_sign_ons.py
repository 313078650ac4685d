"""Sign-ons to a person's server are bounded in number and in what they write down."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from jupyterhub import orm, roles
from tornado.web import HTTPError

from hubinstall.hubside import sign_ons

SECRET = "s" * 32


@pytest.fixture
def db():
    made = orm.new_session_factory("sqlite:///:memory:")()
    for role in roles.get_default_roles():
        roles.create_role(made, role)
    return made


@pytest.fixture
def provider(db):
    """The hub's OAuth server, with a client for each of two servers."""
    made = sign_ons.provider(db, require_pkce=False, token_expires_in=1209600)
    for name in ("ada", "eve"):
        made.add_client(f"jupyterhub-user-{name}", SECRET, f"/user/{name}/oauth_callback")
    return made


def person(db, name):
    user = orm.User(name=name)
    db.add(user)
    db.commit()
    roles.assign_default_roles(db, user)
    return SimpleNamespace(id=user.id, name=name, orm_user=user)


def authorize(provider, user, server="ada", session="0" * 32, **more):
    """Return the code that a browser gets."""
    asked = {"client_id": f"jupyterhub-user-{server}", "redirect_uri": f"/user/{server}/oauth_callback"}
    uri = "/hub/api/oauth2/authorize?" + urlencode({**asked, "response_type": "code", "state": "x", **more})
    given = {"user": user, "handler": None, "session_id": session}
    headers, _, _ = provider.create_authorization_response(uri, "POST", "", {}, ["identify"], given)
    return parse_qs(urlsplit(headers["Location"]).query)["code"][0]


def redeem(provider, code, server="ada"):
    """Return the status with which a server gets its token for a code."""
    body = {"client_id": f"jupyterhub-user-{server}", "client_secret": SECRET, "code": code}
    body |= {"grant_type": "authorization_code", "redirect_uri": f"/user/{server}/oauth_callback"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return provider.create_token_response("/hub/api/oauth2/token", "POST", urlencode(body), headers, {})[2]


def test_codes_under_way_are_so_many_and_the_newest_count(db, provider):
    ada, eve = person(db, "ada"), person(db, "eve")
    authorize(provider, eve)
    codes = [authorize(provider, ada) for _ in range(sign_ons.MOST_CODES + 5)]
    assert db.query(orm.OAuthCode).count() == sign_ons.MOST_CODES + 1
    assert redeem(provider, codes[-1]) == 200
    assert redeem(provider, codes[0]) == 400


def test_browsers_signed_on_to_a_server_are_so_many(db, provider):
    ada, eve = person(db, "ada"), person(db, "eve")
    for user, server in ((eve, "ada"), (ada, "eve"), *[(ada, "ada")] * (sign_ons.MOST_BROWSERS + 5)):
        assert redeem(provider, authorize(provider, user, server), server) == 200
    tokens = db.query(orm.APIToken)
    assert tokens.filter_by(user_id=ada.id, client_id="jupyterhub-user-ada").count() == sign_ons.MOST_BROWSERS
    assert tokens.count() == sign_ons.MOST_BROWSERS + 2, "neither another's nor those of another server go"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"code_challenge": "c" * 129, "code_challenge_method": "S256"}, "has at most 128"),
        ({"session": "s" * 65}, "cookie has at most 64"),
    ],
)
def test_long_words_are_refused(db, provider, said, words):
    ada = person(db, "ada")
    with pytest.raises(HTTPError, match=words) as refused:
        authorize(provider, ada, **said)
    assert refused.value.status_code == 400
    assert db.query(orm.OAuthCode).count() == 0
    authorize(provider, ada, code_challenge="c" * 43, code_challenge_method="S256")
