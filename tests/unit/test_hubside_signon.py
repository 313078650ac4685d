"""Sign-on, against JupyterHub's own authenticator and a PAM that knows one password."""

import asyncio
from types import SimpleNamespace

import pamela
import pytest
from hubinstallation import with_people
from jupyterhub import orm, roles
from test_hubside import SETTINGS, everyone
from tornado.web import HTTPError

from hubinstall.hubside.authenticator import HostAuthenticator

HANDLER = SimpleNamespace(request=SimpleNamespace(remote_ip="192.0.2.1"))


@pytest.fixture
def sign_on(monkeypatch):
    with_people(monkeypatch)

    def authenticate(_name, password, **_):
        if password != "right":
            raise pamela.PAMError(7)

    monkeypatch.setattr(pamela, "authenticate", authenticate)
    monkeypatch.setattr(pamela, "check_account", lambda *_args, **_kwargs: None)
    return HostAuthenticator(hub_settings=SETTINGS)


def login(authenticator, username, typed="right"):
    data = {"username": username, "password": typed}
    return asyncio.run(authenticator.get_authenticated_user(HANDLER, data))


def refusal(authenticator, username, typed="right") -> str:
    with pytest.raises(HTTPError) as error:
        login(authenticator, username, typed)
    return f"{error.value.status_code} {error.value.log_message}"


def test_who_may_logs_in(sign_on):
    assert login(sign_on, "alice") == {"name": "alice", "admin": True, "auth_state": None, "user_info": None}
    assert login(sign_on, "Bob")["name"] == "bob"
    assert login(sign_on, "bob")["admin"] is False


def test_who_may_not_is_refused_in_words(sign_on):
    assert refusal(sign_on, "carol").startswith("403 carol is not among those")
    assert refusal(sign_on, "root").startswith("403 root is a system account")
    assert refusal(sign_on, "root", "wrong").startswith("403 root is a system account")
    assert login(sign_on, "ghost", "wrong") is None
    assert login(sign_on, "alice", "wrong") is None
    assert login(sign_on, "alice", "right\0") is None
    assert login(sign_on, "carol", "wrong") is None


def test_too_many_failures_make_wait(sign_on):
    for _ in range(5):
        assert login(sign_on, "alice", "wrong") is None
    assert refusal(sign_on, "alice") == "429 Too many failed logins. Please try again in 1 second."
    assert refusal(sign_on, "ALICE").startswith("429")
    assert login(sign_on, "bob")


def test_a_session_ends_with_the_right(sign_on):
    user = SimpleNamespace(name="bob", admin=False)
    assert asyncio.run(sign_on.refresh_user(user)) is True
    sign_on.hub_settings = everyone(banned=("bob",))
    assert asyncio.run(sign_on.refresh_user(user)) is False
    assert asyncio.run(sign_on.refresh_user(SimpleNamespace(name="ghost", admin=False))) is False


def test_an_administrator_who_is_none_any_more_is_told_so_to_the_hub(sign_on):
    assert asyncio.run(sign_on.refresh_user(SimpleNamespace(name="bob", admin=True))) == {"admin": False}


@pytest.fixture
def database():
    session = orm.new_session_factory("sqlite:///:memory:")()
    session.add(orm.OAuthClient(identifier="jupyterhub"))
    session.add(orm.OAuthClient(identifier="jupyterhub-user-bob"))
    for role in roles.get_default_roles():
        roles.create_role(session, role)
    session.commit()
    return session


def person(session, name, *, admin):
    """With the token of a running server, one made by hand, and a browser's sign-on to the server."""
    user = orm.User(name=name, admin=admin)
    session.add(user)
    roles.assign_default_roles(session, entity=user)
    session.commit()
    for note, scopes, client in (
        ("server", [f"users:activity!user={name}", f"access:servers!server={name}/"], "jupyterhub"),
        ("by hand", ["inherit"], "jupyterhub"),
        ("other's", ["access:servers!server=carol/"], "jupyterhub"),
        ("browser", [f"access:servers!server={name}/"], "jupyterhub-user-bob"),
    ):
        user.new_api_token(
            note=note, scopes=[], oauth_client=session.query(orm.OAuthClient).filter_by(identifier=client).one()
        )
        user.api_tokens[-1].scopes = scopes
    session.commit()
    return user


def notes(session, user):
    session.commit()
    session.refresh(user)
    return {token.note for token in user.api_tokens}


def test_who_is_no_administrator_any_more_loses_sessions_and_tokens_but_not_the_server(sign_on, database):
    bob = person(database, "bob", admin=True)
    cookie = bob.cookie_id
    sign_on.add_user(bob)
    assert notes(database, bob) == {"server"}
    assert bob.cookie_id != cookie


def test_who_is_banned_loses_all_tokens(sign_on, database):
    sign_on.hub_settings = everyone(banned=("bob",))
    bob = person(database, "bob", admin=False)
    sign_on.add_user(bob)
    assert notes(database, bob) == set()
    assert "bob" in sign_on.blocked_users


def test_nobody_else_loses_anything_when_the_hub_starts(sign_on, database):
    alice, bob = person(database, "alice", admin=True), person(database, "bob", admin=False)
    cookies = alice.cookie_id, bob.cookie_id
    sign_on.add_user(alice)
    sign_on.add_user(bob)
    assert len(notes(database, alice)) == len(notes(database, bob)) == 4
    assert (alice.cookie_id, bob.cookie_id) == cookies
