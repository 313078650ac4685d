"""Sign-on, against JupyterHub's own authenticator and a PAM that knows one password."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from jupyterhub import orm, roles
from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError

from fakes.hub_installation import PEOPLE, configured, with_files, with_people
from fakes.hub_people import SETTINGS, everyone
from fakes.hub_people import person as account
from hubinstall import layout
from hubinstall.hubside import authenticator as module
from hubinstall.hubside import departures, helper, people_api
from hubinstall.hubside.authenticator import HostAuthenticator


def coming(peer="127.0.0.1", said="192.0.2.1"):
    """A request from `peer`, whose headers say `said`."""
    connection = SimpleNamespace(context=SimpleNamespace(address=(peer, 40000)))
    return SimpleNamespace(request=SimpleNamespace(remote_ip=said, connection=connection))


HANDLER = coming()
ANSWERS = {"right": None, "right but old": helper.Refusal("new one required", "Your password must be changed.")}


@pytest.fixture
def sign_on(tmp_path, monkeypatch):
    with_people(monkeypatch)
    monkeypatch.setattr(layout, "KNOWN_PEOPLE", str(tmp_path / "people.json"))
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path / "accounts"))
    monkeypatch.setattr(helper, "refusal", lambda _name, password: ANSWERS.get(password, helper.Refusal("no")))
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(module, "WRONG_TAKES", 0.0)
    return HostAuthenticator(hub_settings=SETTINGS)


def login(authenticator, username, typed="right", handler=HANDLER):
    data = {"username": username, "password": typed}
    return asyncio.run(authenticator.get_authenticated_user(handler, data))


def refusal(authenticator, username, typed="right") -> str:
    with pytest.raises(HTTPError) as error:
        login(authenticator, username, typed)
    return f"{error.value.status_code} {error.value.log_message}"


def test_who_may_logs_in(sign_on):
    assert login(sign_on, "alice") == {"name": "alice", "admin": True, "auth_state": None, "user_info": None}
    assert login(sign_on, "Bob")["name"] == "bob"
    assert login(sign_on, "bob")["admin"] is False


def test_who_may_not_is_refused_in_words(sign_on):
    assert refusal(sign_on, "carol").startswith("403 carol is not on the list")
    assert login(sign_on, "ghost", "wrong") is None
    assert login(sign_on, "alice", "wrong") is None
    assert login(sign_on, "alice", "right\0") is None
    assert login(sign_on, "carol", "wrong") is None


def test_a_right_password_that_does_not_help_is_told_why_and_is_no_guess(sign_on):
    for _ in range(10):
        assert refusal(sign_on, "alice", "right but old") == "403 Your password must be changed."
    assert login(sign_on, "alice", "wrong") is None
    assert login(sign_on, "alice")["name"] == "alice"


def test_too_many_failures_make_wait(sign_on):
    for _ in range(5):
        assert login(sign_on, "alice", "wrong") is None
    assert refusal(sign_on, "alice") == "429 Too many failed logins. Try again in 1 second."
    assert refusal(sign_on, "ALICE").startswith("429")
    assert login(sign_on, "bob")


@pytest.mark.parametrize(
    "given", [None, [], "x", {}, {"username": 5}, {"username": "alice", "password": None}, {"username": "alice\udc80"}]
)
def test_what_the_api_takes_for_a_login_is_refused(sign_on, given):
    assert asyncio.run(sign_on.get_authenticated_user(HANDLER, given)) is None


def test_a_password_that_cannot_be_said_to_pam_is_wrong(sign_on):
    assert login(sign_on, "alice", "\udc80") is None


def test_a_check_that_breaks_is_no_failure(sign_on, monkeypatch):
    def broken(*_arguments):
        raise OSError("no more threads")

    monkeypatch.setattr(helper, "refusal", broken)
    for _ in range(10):
        with pytest.raises(OSError, match="no more threads"):
            login(sign_on, "alice")


def test_a_container_cannot_say_that_it_is_another_each_time(sign_on):
    def guess(number):
        return login(sign_on, "alice", "wrong", coming(peer="198.51.100.7", said=f"192.0.2.{number}"))

    assert [guess(number) for number in range(5)] == [None] * 5
    with pytest.raises(HTTPError, match="429"):
        guess(5)
    assert login(sign_on, "alice"), "she herself comes from elsewhere"


STRANGERS = ("alice", "ghost", "root", "carol", layout.HUB_USER, "al\0ice", "Ghost@example.org", "x" * 5000)
"""Who may log in, who does not exist, system accounts, who is on no list, and what is no name."""


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("typed", ["wrong", "", "\udc80"])
def test_who_does_not_know_the_password_learns_nothing_about_a_name(sign_on, name, typed):
    assert [login(sign_on, name, typed) for _ in range(5)] == [None] * 5
    assert refusal(sign_on, name, typed) == "429 Too many failed logins. Try again in 1 second."


def test_the_passwords_of_root_and_system_accounts_are_not_tried(sign_on, monkeypatch):
    tried = []
    monkeypatch.setattr(helper, "refusal", lambda name, _password: tried.append(name))
    assert [login(sign_on, name) for name in ("root", layout.HUB_USER, "ghost")] == [None] * 3
    assert login(sign_on, "bob")
    assert tried == ["bob"]


@pytest.mark.parametrize("name", STRANGERS)
def test_where_no_password_can_be_checked_that_is_said_of_any_name(sign_on, monkeypatch, name):
    def down(*_arguments):
        raise helper.UnavailableError("no such file")

    monkeypatch.setattr(helper, "states", down)
    for _ in range(10):
        assert refusal(sign_on, name) == f"503 {helper.UNAVAILABLE}", "and it is no guess"


def test_what_the_helper_counts_makes_wait_too(sign_on, monkeypatch):
    def too_many(*_arguments):
        raise helper.TooManyError(7.2)

    monkeypatch.setattr(helper, "refusal", too_many)
    for _ in range(10):
        assert refusal(sign_on, "alice") == "429 Too many failed logins. Try again in 8 seconds."


def best(measured, wanted):
    """The least of up to five times: what else this machine does can only make it more."""
    found = [measured()]
    while min(found) >= wanted and len(found) < 5:
        found.append(measured())
    return min(found)


@pytest.mark.parametrize("check", [0.05, 0.5])
def test_a_wrong_password_takes_as_long_as_a_made_up_name(sign_on, monkeypatch, check):
    """Also where the check itself takes longer than any answer does, and there is a queue."""

    def slow(*_arguments):
        time.sleep(check)
        return helper.Refusal("no")

    async def timed(door, name):
        began = time.monotonic()
        assert await door.authenticate(HANDLER, {"username": name, "password": "wrong"}) is None
        return time.monotonic() - began

    async def together(door, names):
        return await asyncio.gather(*(timed(door, name) for name in names))

    def spread():
        door = HostAuthenticator(hub_settings=SETTINGS)
        asyncio.run(timed(door, "alice"))
        alice, *_, ghost, root, carol = asyncio.run(
            together(door, ["alice", "alice", "bob", "bob", "ghost", "root", "carol"])
        )
        assert alice >= max(0.2, check)
        assert ghost >= max(0.2, 2 * check), "it waited for its turn"
        return max(ghost, root, carol) - min(ghost, root, carol)

    monkeypatch.setattr(helper, "refusal", slow)
    monkeypatch.setattr(module, "WRONG_TAKES", 0.2)
    assert best(spread, 0.2) < 0.2


CHECK = 0.02
"""Seconds of a thread that a check takes, as with the distribution's hashes."""


async def good_among(sign_on, guesses, good):
    """Fifty guesses a second for two seconds, and in the midst of them good logins; the longest of these in seconds."""

    async def tries(name, password, handler):
        try:
            return await sign_on.get_authenticated_user(handler, {"username": name, "password": password})
        except HTTPError as error:
            return error.status_code

    bad = []
    longest = 0.0
    for number in range(100):
        bad.append(asyncio.create_task(tries(*guesses(number))))
        if number % 20 == 10:
            began = time.monotonic()
            assert (await tries(*good(number)))["name"]
            longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(0.02)
    answers = await asyncio.gather(*bad)
    assert not [answer for answer in answers if isinstance(answer, dict)]
    return longest


CLASS = [f"s{number:02}" for number in range(60)]
GUESSERS = {
    "one account, one address": lambda n: ("s59", "wrong", coming(said="192.0.2.66")),
    "one account, many addresses": lambda n: ("s59", "wrong", coming(said=f"203.0.113.{n}")),
    "many accounts, one address": lambda n: (CLASS[30 + n % 30], "wrong", coming(said="192.0.2.66")),
    "made-up names": lambda n: (f"x{n}", "wrong", coming(said="192.0.2.66")),
    "a container with made-up addresses": lambda n: ("s59", "wrong", coming("198.51.100.7", f"203.0.113.{n}")),
    "made-up names in the same room": lambda n: (f"x{n}", "wrong", coming()),
    "the same room as the good ones": lambda n: (CLASS[30 + n % 30], "wrong", coming()),
}


@pytest.mark.parametrize("guesser", GUESSERS)
def test_a_good_login_does_not_wait_behind_fifty_bad_ones_a_second(sign_on, monkeypatch, guesser):
    def slow(_name, password):
        time.sleep(CHECK)
        return None if password == "right" else helper.Refusal("no")

    def longest():
        door = HostAuthenticator(hub_settings=everyone())
        return asyncio.run(good_among(door, GUESSERS[guesser], lambda n: (CLASS[n // 20], "right", HANDLER)))

    for number, name in enumerate(CLASS):
        monkeypatch.setitem(PEOPLE, name, account(name, 2000 + number))
    monkeypatch.setattr(helper, "refusal", slow)
    monkeypatch.setattr(module, "WRONG_TAKES", 1.0)
    assert best(longest, 1) < 1


def test_a_session_ends_with_the_right(sign_on):
    user = SimpleNamespace(name="bob", admin=False)
    assert asyncio.run(sign_on.refresh_user(user)) is True
    sign_on.hub_settings = everyone(banned=("bob",))
    assert asyncio.run(sign_on.refresh_user(user)) is False
    assert asyncio.run(sign_on.refresh_user(SimpleNamespace(name="ghost", admin=False))) is False


def test_a_session_ends_with_the_number_of_the_account(sign_on, monkeypatch):
    assert login(sign_on, "bob")
    user = SimpleNamespace(name="bob", admin=False)
    monkeypatch.setitem(PEOPLE, "bob", account("bob", 1009))
    assert asyncio.run(sign_on.refresh_user(user, SimpleNamespace(current_user=user))) is False


def test_an_administrator_starts_the_server_of_somebody_with_a_new_password_at_once(sign_on, monkeypatch):
    """What the former one had ends first, as at a login."""
    assert login(sign_on, "bob")
    ended = []

    async def end(_app, name):
        ended.append(name)

    monkeypatch.setattr(departures.sessions, "end", end)
    monkeypatch.setattr(departures.orm.User, "find", lambda _db, _name: None)
    sign_on.departures = departures.Departures(
        SimpleNamespace(log=sign_on.log, db=None), sign_on.people, lambda _account: None
    )
    user, somebody = SimpleNamespace(name="bob", admin=False), SimpleNamespace(current_user="an administrator")
    monkeypatch.setitem(PEOPLE, "bob", account("bob", 1009))
    assert asyncio.run(sign_on.refresh_user(user, somebody)) is True
    assert asyncio.run(sign_on.refresh_user(user, somebody)) is True
    assert ended == ["bob"]
    sign_on.hub_settings = everyone(banned=("bob",))
    with pytest.raises(HTTPError, match="not allowed to use this hub"):
        asyncio.run(sign_on.refresh_user(user, somebody))


def test_jupyterhub_asks_for_every_request(sign_on, tmp_path, monkeypatch):
    """Its own rule, with our setting: no age is young enough."""
    with_files(tmp_path, monkeypatch)
    asked = []

    async def refresh_user(user, _handler):
        asked.append(user)
        return True

    monkeypatch.setattr(sign_on, "refresh_user", refresh_user)
    sign_on.update_config(configured())
    for _ in range(3):
        handler = BaseHandler.__new__(BaseHandler)
        handler.application = SimpleNamespace(settings={"authenticator": sign_on})
        user = SimpleNamespace(name="bob", _auth_refreshed=time.monotonic())
        assert asyncio.run(handler.refresh_auth(user)) is user
    assert len(asked) == 3


def test_an_administrator_who_is_none_any_more_is_told_so_to_the_hub(sign_on):
    assert asyncio.run(sign_on.refresh_user(SimpleNamespace(name="bob", admin=True))) == {"admin": False}


def test_only_people_of_the_machine_become_users(sign_on):
    people_api.check_people(sign_on, ["alice", "Bob"])
    with pytest.raises(HTTPError) as error:
        people_api.check_people(sign_on, ["alice", "ghost", "root"])
    assert error.value.status_code == 400
    assert error.value.log_message.startswith("There is no account ghost on this machine. root is a system account.")
    assert [pattern for pattern, _ in sign_on.get_handlers(None)][3:5] == ["/api/users", r"/api/users/([^/]+)"]


def test_the_probe_is_in_no_list_of_users(database):
    for name in ("alice", layout.PROBE_USER, "bob"):
        database.add(orm.User(name=name))
    database.commit()
    listed = people_api.People(database).query(orm.User)
    assert [user.name for user in listed.order_by(orm.User.name.asc()).limit(2)] == ["alice", "bob"]
    assert (listed.count(), people_api.People(database).query(orm.User.id).count()) == (2, 3)
    assert orm.User.find(database, layout.PROBE_USER)


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
        ("Server at /", [f"users:activity!user={name}", f"access:servers!server={name}/"], "jupyterhub"),
        ("like a server's", [f"users:activity!user={name}", f"access:servers!server={name}/"], "jupyterhub"),
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
    assert notes(database, bob) == {"Server at /"}
    assert bob.cookie_id != cookie


def test_who_is_banned_loses_all_tokens(sign_on, database):
    sign_on.hub_settings = everyone(banned=("bob",))
    bob = person(database, "bob", admin=False)
    sign_on.add_user(bob)
    assert notes(database, bob) == set()
    assert "bob" in sign_on.blocked_users


def test_when_the_hub_starts_a_name_with_another_number_loses_all(sign_on, database, monkeypatch):
    bob = person(database, "bob", admin=False)
    sign_on.add_user(bob)
    assert len(notes(database, bob)) == 5
    monkeypatch.setitem(PEOPLE, "bob", account("bob", 1009))
    later, cookie = HostAuthenticator(hub_settings=SETTINGS), bob.cookie_id
    later.add_user(bob)
    assert notes(database, bob) == set()
    assert bob.cookie_id != cookie
    assert "bob" not in later.blocked_users


def test_nobody_else_loses_anything_when_the_hub_starts(sign_on, database):
    alice, bob = person(database, "alice", admin=True), person(database, "bob", admin=False)
    cookies = alice.cookie_id, bob.cookie_id
    sign_on.add_user(alice)
    sign_on.add_user(bob)
    assert len(notes(database, alice)) == len(notes(database, bob)) == 5
    assert (alice.cookie_id, bob.cookie_id) == cookies
