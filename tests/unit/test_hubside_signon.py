"""Sign-on, against JupyterHub's own authenticator and a PAM that knows one password."""

import asyncio
from types import SimpleNamespace

import pamela
import pytest
from hubinstallation import with_people
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
