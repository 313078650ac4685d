"""Sign-on at an OpenID provider: who gets in, who is an administrator, and what a provider's later word changes."""

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace

import jwt
import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from fakes.hub_installation import PEOPLE, with_people
from fakes.hub_people import SETTINGS, person
from hubinstall import layout
from hubinstall.hubside import helper, provider_rights
from hubinstall.hubside.openid import OpenIdAuthenticator, within

ISSUER = "https://login.example.org"
DESCRIPTION = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/me",
}
SIGN_ON = replace(
    SETTINGS.sign_on, kind="oidc", issuer=ISSUER, client_id="hub", title="Example", admin_groups=("admins",),
    allowed_groups=("students",),
)  # fmt: skip
NOBODY_LISTED = replace(SETTINGS, sign_on=SIGN_ON, admins=(), allowed=(), allow_all=False)
KEY = "a key of thirty-two bytes, no less"


class Provider:
    """What it says of its one person; an exception is raised instead. `asked`: the last parts of the paths."""

    def __init__(self):
        self.description, self.me = dict(DESCRIPTION), {"sub": "1", "preferred_username": "bob", "groups": []}
        self.token = {"access_token": "a", "token_type": "Bearer"}
        self.asked, self.bodies = [], []

    async def answer(self, url, *_label, body=b"", **_rest):
        part = url.rpartition("/")[2]
        self.asked.append(part)
        self.bodies.append(body.decode())
        said = {"openid-configuration": self.description, "token": self.token, "me": self.me}[part]
        if isinstance(said, Exception):
            raise said
        return dict(said)


@pytest.fixture
def provider():
    return Provider()


@pytest.fixture
def sign_on(tmp_path, monkeypatch, provider):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    (tmp_path / "sign_on_secret").write_text("hush\n")
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", need_account)
    return made(monkeypatch, provider)


def made(monkeypatch, provider, settings=NOBODY_LISTED):
    monkeypatch.setattr(OpenIdAuthenticator, "httpfetch", lambda _self, url, *a, **k: provider.answer(url, *a, **k))
    return OpenIdAuthenticator(hub_settings=settings, enable_auth_state=True, oauth_callback_url="https://hub/back")


def need_account(name, of):
    """The helper makes an account of people's, but not of bob's names: the test's accounts are there already."""
    if name == "ghost":
        raise helper.NoAccountError(f"There is no account for {of}.")


class Coming:
    """The request with which a provider sends somebody back."""

    request = None

    def get_argument(self, _name):
        return "code"

    def get_state_cookie(self):
        return "eyJjb2RlX3ZlcmlmaWVyIjogInYifQ=="


def login(sign_on):
    return asyncio.run(sign_on.get_authenticated_user(Coming(), None))


def refusal(sign_on) -> str:
    with pytest.raises(HTTPError) as error:
        login(sign_on)
    return f"{error.value.status_code} {error.value.log_message}"


class User:
    """As JupyterHub's, with the state that it keeps."""

    def __init__(self, name="bob", *, state=None, admin=False):
        self.name, self.state, self.admin = name, state, admin

    async def get_auth_state(self):
        return self.state

    async def save_auth_state(self, state):
        self.state = state


def later(sign_on, user, *, own=True, seconds=61):
    """The person's next request, after the provider's word has become old."""
    if seen := sign_on._seen.get(user.name):
        seen.asked -= seconds
        seen.at -= seconds
    handler = SimpleNamespace(current_user=user if own else object())
    told = asyncio.run(sign_on.refresh_user(user, handler))
    if isinstance(told, dict):
        user.state, user.admin = told.get("auth_state", user.state), told.get("admin", user.admin)
    return told


def signed_on(sign_on):
    model = login(sign_on)
    return User(model["name"], state=model["auth_state"], admin=model["admin"])


def test_a_member_of_an_allowed_group_gets_in_and_an_outsider_does_not(sign_on, provider):
    assert refusal(sign_on).startswith("403 bob is not on the list of people who may use this hub")
    provider.me["groups"] = ["students"]
    assert (login(sign_on)["name"], login(sign_on)["admin"]) == ("bob", False)
    provider.me["groups"] = ["admins"]
    assert login(sign_on)["admin"] is True


def test_the_lists_of_config_yaml_hold_too(sign_on, provider):
    sign_on.hub_settings = replace(NOBODY_LISTED, admins=("bob",))
    assert login(sign_on)["admin"] is True
    sign_on.hub_settings = replace(NOBODY_LISTED, allowed=("bob",))
    assert login(sign_on)["admin"] is False
    provider.me["groups"] = ["admins"]
    sign_on.hub_settings = replace(NOBODY_LISTED, banned=("bob",))
    assert refusal(sign_on).startswith("403 bob is not allowed")


def test_an_administrator_who_leaves_the_group_is_none_with_the_old_cookie(sign_on, provider):
    provider.me["groups"] = ["admins", "students"]
    ada = signed_on(sign_on)
    assert later(sign_on, ada, seconds=5) is True, "nothing is asked within a minute"
    provider.me["groups"] = ["students"]
    assert later(sign_on, ada)["admin"] is False
    provider.me["groups"] = []
    assert later(sign_on, ada) is False, "who has left all groups may not use the hub"


def test_somebody_elses_request_asks_no_provider(sign_on, provider):
    provider.me["groups"] = ["students"]
    bob = signed_on(sign_on)
    provider.asked.clear()
    assert later(sign_on, bob, own=False) is True
    assert provider.asked == []


def test_a_provider_that_is_away_ends_no_session(sign_on, provider):
    provider.me["groups"] = ["admins"]
    ada = signed_on(sign_on)
    for trouble in (ConnectionRefusedError("no"), HTTPClientError(502), HTTPClientError(599), HTTPClientError(429)):
        provider.me = trouble
        assert later(sign_on, ada) is True, trouble
        assert ada.admin
    provider.description = ConnectionRefusedError("no")
    sign_on._known_at -= 7200
    assert later(sign_on, ada, seconds=9 * 3600) is True


def test_an_access_token_that_is_over_is_refreshed(sign_on, provider):
    provider.token["refresh_token"] = "r1"
    provider.me["groups"] = ["students"]
    bob = signed_on(sign_on)
    told, provider.me = provider.me, HTTPClientError(401)

    async def answer(url, *_rest, body=b"", **_more):
        if url.endswith("token"):
            provider.me = told
            assert "refresh_token=r1" in body.decode()
        return await Provider.answer(provider, url, body=body)

    provider.answer = answer
    assert later(sign_on, bob)["auth_state"]["refresh_token"] == "r1"


@pytest.mark.parametrize("no", [HTTPClientError(400), HTTPError(403, "An access token was not returned: gone")])
def test_who_is_gone_at_the_provider_signs_on_again(sign_on, provider, no):
    provider.token["refresh_token"] = "r1"
    provider.me["groups"] = ["students"]
    bob = signed_on(sign_on)
    said, provider.me, provider.token = (provider.me, provider.token), HTTPClientError(401), no
    assert later(sign_on, bob) is False
    assert later(sign_on, bob, seconds=0) is False, "nor does the next request count"
    provider.me, provider.token = said
    assert later(sign_on, bob) is False, "until then"
    assert later(sign_on, signed_on(sign_on), seconds=0) is True
    assert "gone_at" not in signed_on(sign_on).state["vouched"]


def test_who_does_not_sign_on_again_for_days_is_gone(sign_on, provider, monkeypatch):
    """A refused refresh alone may be a session that was idle for half an hour: the server may be at work all night."""
    ended, leaving = leaves(monkeypatch, sign_on)
    provider.token["refresh_token"] = "r1"
    provider.me["groups"] = ["students"]
    bob = signed_on(sign_on)
    provider.me, provider.token = HTTPClientError(401), HTTPClientError(400)
    assert later(sign_on, bob) is False
    for days in (0, 6.9, 7.1, 8):
        asyncio.run(leaving.look(time.time() + days * 86400, None))
        assert ended == ([] if days < 7 else ["lock bob", "bob"]), days
    after = made(monkeypatch, provider)
    asyncio.run(after._recall("bob", bob.state))
    assert after._seen["bob"].over
    assert after._seen["bob"].gone_at == sign_on._seen["bob"].gone_at, "the next hub counts on"


def test_while_the_helper_is_away_nobody_is_forgotten(sign_on, provider, monkeypatch):
    ended, leaving = leaves(monkeypatch, sign_on)
    provider.me["groups"] = ["students"]
    signed_on(sign_on)
    sign_on._seen["bob"].gone_at = 0.0

    def away(_name):
        raise helper.UnavailableError("no such file")

    with monkeypatch.context() as patch:
        patch.setattr(helper, "lock", away)
        asyncio.run(leaving.look(time.time(), None))
    assert ended == []
    asyncio.run(leaving.look(time.time(), None))
    assert ended == ["lock bob", "bob"]


def leaves(monkeypatch, sign_on):
    """What is ended, and what ends it."""
    ended = []

    async def end(_app, name):
        ended.append(name)

    monkeypatch.setattr("hubinstall.hubside.leaving.sessions.end", end)
    monkeypatch.setattr(helper, "lock", lambda name: ended.append(f"lock {name}") or True)
    sign_on.leaving._app = SimpleNamespace(log=sign_on.log)
    return ended, sign_on.leaving


def test_without_a_refresh_token_an_administrator_by_group_is_one_for_an_hour(sign_on, provider):
    provider.me["groups"] = ["admins"]
    ada = signed_on(sign_on)
    provider.me = HTTPClientError(401)
    assert later(sign_on, ada) is True
    assert later(sign_on, ada, seconds=3700)["admin"] is False
    assert later(sign_on, ada, seconds=8 * 3600) is False
    assert later(sign_on, ada, seconds=0) is False


def test_a_cookie_of_another_way_to_log_in_does_not_count(sign_on):
    sign_on.hub_settings = replace(NOBODY_LISTED, allow_all=True)
    assert later(sign_on, User("bob")) is False


def test_what_was_said_is_remembered_by_the_next_hub(sign_on, provider, monkeypatch):
    provider.me["groups"] = ["admins"]
    ada = signed_on(sign_on)
    after = made(monkeypatch, provider)

    async def decrypt(_data):
        return ada.state

    monkeypatch.setattr(provider_rights, "decrypt", decrypt)
    ended = []
    monkeypatch.setattr("hubinstall.hubside.host_rights.withdraw", lambda row, **_: ended.append(row.name))
    row = SimpleNamespace(name="bob", admin=True, encrypted_auth_state=b"x")
    asyncio.run(after.add_user(row))
    assert (ended, after.vouched("bob").admin) == ([], True)
    provider.me["groups"] = []
    assert later(after, ada) is False, "and at the first request the provider is asked"


def test_a_name_that_was_somebody_elses_does_not_get_the_account(sign_on, provider, monkeypatch):
    monkeypatch.setitem(PEOPLE, "robert", person("robert", 1009))
    provider.me["groups"] = ["students"]
    assert login(sign_on)["name"] == "bob"
    provider.me |= {"preferred_username": "robert"}
    assert login(sign_on)["name"] == "bob", "the person keeps the account"
    provider.me |= {"sub": "2", "preferred_username": "bob"}
    assert refusal(sign_on) == (
        "403 The account bob belongs to another person of Example. Ask the hub's administrator."
    )
    sign_on.delete_user(SimpleNamespace(name="bob"))
    assert login(sign_on)["name"] == "bob", "an administrator has deleted the hub's user"


def test_who_gets_no_account_here_is_told_why(sign_on, provider, monkeypatch):
    provider.me |= {"preferred_username": "ghost", "groups": ["students"]}
    assert refusal(sign_on) == "403 There is no account for ghost."
    provider.me |= {"preferred_username": "a\nb"}
    assert refusal(sign_on) == "403 The sign-on gave a name with control characters."

    def down(*_arguments):
        raise helper.UnavailableError("no such file")

    provider.me |= {"preferred_username": "bob"}
    monkeypatch.setattr(helper, "need_account", down)
    assert refusal(sign_on) == f"503 {helper.UNAVAILABLE}"


def test_an_outsider_gets_no_account(sign_on, provider, monkeypatch):
    made = []
    monkeypatch.setattr(helper, "need_account", lambda name, _of: made.append(name))
    assert refusal(sign_on).startswith("403 bob is not on the list")
    assert made == []


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "bob", "email": "x@example.org"}, "bob"),
        ({"email": "x@example.org", "email_verified": True}, "x@example.org"),
        ({"email": "x@example.org", "email_verified": False}, "1"),
        ({"preferred_username": ""}, "1"),
    ],
)
def test_the_usual_claims_with_a_name(sign_on, claims, name):
    assert sign_on.name_of({"sub": "1", **claims}) == name


def test_a_claim_that_is_asked_for_must_be_there(sign_on):
    sign_on.hub_settings = replace(NOBODY_LISTED, sign_on=replace(SIGN_ON, username_claim="employee.id"))
    assert sign_on.name_of({"sub": "1", "employee": {"id": 7}}) == "7"
    with pytest.raises(HTTPError, match=r"Example does not say your name \(employee.id\)"):
        sign_on.name_of({"sub": "1"})


@pytest.mark.parametrize(
    "description",
    [
        {**DESCRIPTION, "issuer": "https://elsewhere.example.org"},
        {**DESCRIPTION, "token_endpoint": "http://login.example.org/token"},
        {"issuer": ISSUER},
        {},
        ConnectionRefusedError("no"),
        HTTPClientError(404),
    ],
)
def test_a_provider_that_cannot_be_used_is_said_and_asked_again(sign_on, provider, description):
    provider.description = description
    for _ in range(2):
        assert refusal(sign_on) == "503 Example does not answer, so nobody can sign on. Try again in a minute."
    assert provider.asked == ["openid-configuration"] * 2
    provider.description, provider.me["groups"] = DESCRIPTION, ["students"]
    assert login(sign_on)["name"] == "bob"


def test_groups_of_the_id_token_alone_are_asked_for_by_a_new_one(sign_on, provider):
    """Userinfo says none, before and after."""
    del provider.me["groups"]
    provider.token |= {"refresh_token": "r1", "id_token": signed(["students"])}
    bob = signed_on(sign_on)
    assert later(sign_on, bob)["auth_state"]
    provider.token |= {"id_token": signed([])}
    assert later(sign_on, bob) is False


def test_an_id_token_of_somebody_else_or_for_another_hub_is_refused(sign_on, provider):
    provider.token["id_token"] = jwt.encode({"sub": "2", "aud": "hub"}, KEY)
    assert "spoke of somebody else" in refusal(sign_on)
    provider.token["id_token"] = jwt.encode({"sub": "1", "aud": "another"}, KEY)
    assert "not for this hub" in refusal(sign_on)


def signed(groups):
    return jwt.encode({"sub": "1", "aud": "hub", "groups": groups, "exp": time.time() + 60}, KEY)


def test_a_new_secret_counts_at_the_next_sign_on(sign_on, provider, tmp_path):
    provider.description["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    provider.me["groups"] = ["students"]
    login(sign_on)
    (tmp_path / "sign_on_secret").write_text("louder")
    login(sign_on)
    said = [body for part, body in zip(provider.asked, provider.bodies, strict=True) if part == "token"]
    assert ["client_secret=hush" in said[0], "client_secret=louder" in said[1]] == [True, True]


@pytest.mark.parametrize(
    ("claims", "path", "found"),
    [({"a": {"b": 1}}, "a.b", 1), ({"a.b": 2, "a": {"b": 1}}, "a.b", 2), ({"a": 1}, "a.b", None), ({}, "a", None)],
)
def test_claims_within_claims(claims, path, found):
    assert within(claims, path) == found
