"""People of a directory: ldap3's own imitation of a server stands for it (tests/machine has a real one)."""

import asyncio
import copy
import time
from dataclasses import replace
from types import SimpleNamespace

import ldap3
import pytest
from tornado.web import HTTPError

from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import helper, ldap, leaving, password_login
from hubinstall.hubside.attempts import PAIR
from hubinstall.hubside.seen import DepartedError, GoneError, UnaskableError

PEOPLE, ADMINS, MEMBERS = "ou=people,o=x", "cn=admins,o=x", "cn=members,o=x"
BOB = f"uid=Bob,{PEOPLE}"
OPTIONS = {
    "server": "ldaps://ldap.example.org", "tls": True, "bind_dn_template": [], "search_base": PEOPLE,
    "search_filter": "(uid={username})", "username_attribute": "uid", "bind_dn": "", "admin_groups": [ADMINS],
    "allowed_groups": [MEMBERS],
}  # fmt: skip


@pytest.fixture
def directory(monkeypatch):
    """DN → its entry, for every connection."""
    server = ldap3.Server("imitation", get_info=ldap3.NONE)
    real = ldap3.Connection
    dit = {
        BOB: {"uid": "Bob", "userPassword": "right", "entryUUID": "1-2", "objectClass": "person"},
        f"uid=eve,{PEOPLE}": {"uid": "eve", "userPassword": "right", "entryUUID": "1-3", "objectClass": "person"},
        PEOPLE: {"ou": "people", "objectClass": "organizationalUnit"},
        MEMBERS: {"member": [BOB], "objectClass": "groupOfNames"},
        ADMINS: {"memberUid": ["Bob"], "objectClass": "posixGroup"},
    }

    def connection(_server, **options):
        bind = options.pop("auto_bind")
        made = real(server, client_strategy=ldap3.MOCK_SYNC, **options)
        for dn in [*server.dit]:
            del server.dit[dn]
        for dn, entry in copy.deepcopy(dit).items():
            made.strategy.add_entry(dn, entry)
        if bind and not made.bind():
            raise ldap3.core.exceptions.LDAPBindError(f"automatic bind not successful - {made.last_error}")
        return made

    monkeypatch.setattr(ldap3, "Connection", connection)
    return dit


@pytest.fixture
def made(directory, tmp_path, monkeypatch):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", lambda _name, _of: None)
    monkeypatch.setattr(password_login, "WRONG_TAKES", 0.0)

    def make(**options):
        sign_on = replace(
            SETTINGS.sign_on,
            kind="ldap",
            options=OPTIONS | options,
            issuer="ldaps://ldap.example.org",
            title="The site",
        )
        settings = replace(SETTINGS, sign_on=sign_on, admins=(), allowed=(), allow_all=False)
        return ldap.LdapAuthenticator(hub_settings=settings, enable_auth_state=True)

    return make


def login(authenticator, name, password):
    return asyncio.run(authenticator.get_authenticated_user(None, {"username": name, "password": password}))


def test_the_directory_says_how_a_name_is_written(made):
    for name in ("bob", "BOB", " bob "):
        model = login(made(), name, "right")
        assert (model["name"], model["admin"]) == ("bob", True)
        assert model["auth_state"]["ldap"]["subject"] == "1-2"


@pytest.mark.parametrize(("name", "password"), [("bob", "wrong"), ("bob", ""), ("nobody", "right"), ("bo*", "right")])
def test_a_wrong_name_or_password_gets_nobody_in(made, name, password):
    assert login(made(), name, password) is None


@pytest.mark.parametrize("given", [{"username": 1, "password": "x"}, {}, None, {"username": "b" * 5000}])
def test_what_no_form_sends_is_a_wrong_password(made, given):
    assert asyncio.run(made().authenticate(None, given)) is None


def test_who_is_in_no_group_reads_why_not(made):
    with pytest.raises(HTTPError, match="eve is not on the list"):
        login(made(), "eve", "right")


def test_a_template_says_where_people_are(made):
    authenticator = made(bind_dn_template=[f"uid={{username}},{PEOPLE}"], search_base="")
    assert login(authenticator, "Bob", "right")["name"] == "bob"
    assert login(authenticator, f"Bob,{PEOPLE}", "right") is None


def test_guesses_wait(made):
    authenticator = made()

    def guess():
        for _ in range(PAIR.free + 1):
            assert login(authenticator, "bob", "wrong") is None

    with pytest.raises(HTTPError, match="429"):
        guess()


def again(authenticator, state):
    return asyncio.run(authenticator._ask(type("User", (), {"name": "bob"}), state))


def test_groups_are_asked_for_again(made, directory):
    authenticator = made()
    state = login(authenticator, "bob", "right")["auth_state"]
    assert again(authenticator, state)["auth_state"]["ldap"]["groups"] == (ADMINS, MEMBERS)
    directory[ADMINS] = {**directory[ADMINS], "memberUid": ["ada"]}
    model = again(authenticator, state)
    assert asyncio.run(authenticator.vouched_by(model)) == ldap.Vouched(allowed=True, admin=False)


@pytest.mark.parametrize("template", [[], [f"uid={{username}},{PEOPLE}"]])
def test_who_has_no_entry_any_more_is_gone(made, directory, template):
    authenticator = made(bind_dn_template=template)
    state = login(authenticator, "Bob", "right")["auth_state"]
    del directory[BOB]
    with pytest.raises(DepartedError):
        again(authenticator, state)


def test_whom_the_directory_only_does_not_show_is_not_gone(made, directory):
    def refused(authenticator):
        with pytest.raises(GoneError) as error:
            again(authenticator, state)
        return error.type

    authenticator = made()
    state = login(authenticator, "bob", "right")["auth_state"]
    entry = directory.pop(BOB)
    people = directory.pop(PEOPLE)
    assert refused(authenticator) is GoneError, "a directory that was just set up again"
    directory[PEOPLE] = people
    assert refused(authenticator) is DepartedError
    directory[f"uid=Bob,ou=left,{PEOPLE}"] = entry
    assert refused(authenticator) is GoneError, "an entry that was moved"
    directory[BOB] = directory.pop(f"uid=Bob,ou=left,{PEOPLE}")
    filtered = made(search_filter="(&(uid={username})(objectClass=active))")
    assert refused(filtered) is GoneError, "one that the filter leaves out"


def test_who_makes_no_request_is_asked_about_too(made, directory, monkeypatch):
    authenticator, ended = made(), []
    state = login(authenticator, "bob", "right")["auth_state"]

    async def end(_app, name):
        ended.append(name)

    class User:
        name = "bob"

        async def get_auth_state(self):
            return state

        async def save_auth_state(self, kept):
            state.update(kept)

    monkeypatch.setattr(leaving.sessions, "end", end)
    monkeypatch.setattr(leaving.orm.User, "find", lambda _db, name: name)
    monkeypatch.setattr(helper, "lock", lambda name: ended.append(f"lock {name}") or True)
    authenticator.leaving._app = SimpleNamespace(log=authenticator.log, db=None, users={"bob": User()})
    del directory[BOB]

    def look(seconds):
        authenticator._seen["bob"].asked -= seconds
        asyncio.run(authenticator.leaving.look(time.time() + 1, authenticator.unasked))

    look(1000)
    assert ended == []
    look(1000)
    assert ended == ["lock bob", "bob"]
    look(5000)
    assert ended == ["lock bob", "bob"]


def test_a_directory_that_tells_nobody_without_a_password_is_not_asked_again(made, monkeypatch):
    authenticator = made()
    monkeypatch.setattr(authenticator, "_is_there", lambda *_arguments: False)
    state = login(authenticator, "bob", "right")["auth_state"]
    with pytest.raises(UnaskableError):
        again(authenticator, state)


def test_a_directory_that_is_away_is_no_wrong_password(made, monkeypatch):
    def away(*_arguments, **_options):
        raise ldap3.core.exceptions.LDAPSocketOpenError("no answer")

    authenticator = made()
    monkeypatch.setattr(ldap3, "Connection", away)
    for _ in range(2 * PAIR.free):
        with pytest.raises(HTTPError, match="The site does not answer"):
            login(authenticator, "bob", "right")


def test_a_refused_bind_dn_is_no_wrong_password(made):
    with pytest.raises(HTTPError, match="503"):
        login(made(bind_dn="cn=hub,o=x"), "bob", "right")
