"""One password for all, and another for the administrators."""

import asyncio
from dataclasses import replace

import pytest
from tornado.web import HTTPError

from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import helper, password_login
from hubinstall.hubside.workshop import AnyPassword, SharedPassword

ALL, TEACHERS = "workshop-2026", "a-much-longer-password-for-the-teachers"


@pytest.fixture
def made(tmp_path, monkeypatch):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGN_ON_ADMIN_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    (tmp_path / "sign_on_secret").write_text(f"{ALL}\n")
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", lambda _name, _of: None)
    monkeypatch.setattr(password_login, "WRONG_TAKES", 0.0)

    def make(kind, **changes):
        settings = replace(SETTINGS, admins=("alice",), allowed=("bob",), allow_all=False, **changes)
        return kind(hub_settings=settings, enable_auth_state=True)

    return make


def login(authenticator, name, password):
    return asyncio.run(authenticator.get_authenticated_user(None, {"username": name, "password": password}))


def test_everybody_has_one_password_but_the_administrators(made, tmp_path):
    authenticator = made(SharedPassword)
    assert login(authenticator, "Bob", ALL)["name"] == "bob"
    assert login(authenticator, "bob", "workshop-2025") is None
    assert login(authenticator, "bob", "wörkshop-2026") is None
    assert login(authenticator, "alice", ALL) is None
    (tmp_path / "sign_on_admin_secret").write_text(TEACHERS)
    assert login(authenticator, "alice", TEACHERS)["admin"] is True
    assert login(authenticator, "bob", TEACHERS) is None


def test_a_new_password_needs_no_restart(made, tmp_path):
    authenticator = made(SharedPassword)
    (tmp_path / "sign_on_secret").write_text("another-one")
    assert login(authenticator, "bob", ALL) is None
    assert login(authenticator, "bob", "another-one")["name"] == "bob"


def test_the_lists_hold_for_names_that_anyone_may_type(made):
    for kind, password in ((SharedPassword, ALL), (AnyPassword, "x")):
        with pytest.raises(HTTPError, match="carol is not on the list"):
            login(made(kind), "carol", password)


def test_a_system_account_is_nobodys_name(made):
    model = login(made(AnyPassword, banned=()), "bob", "any")
    assert model["name"] == "bob"
    assert login(made(AnyPassword), "", "any") is None
    assert made(AnyPassword).account_of("root", "").startswith("root--")
