"""Sign-on by LTI 1.3: which messages of a platform count, and what a role gives for how long."""

import asyncio
import json
import time
from dataclasses import replace
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from ltiauthenticator.lti13.error import ValidationError
from tornado.web import HTTPError

from fakes.hub_installation import with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import helper
from hubinstall.hubside.lti import IN_A_COURSE, ROLES, Launch, LtiAuthenticator

URL = "https://moodle.example.org"
OPTIONS = {"authorize_url": f"{URL}/auth", "jwks_endpoint": f"{URL}/keys", "username_key": "email"}
SIGN_ON = replace(
    SETTINGS.sign_on, kind="lti", issuer=URL, client_id="hub", title="Moodle", options=OPTIONS,
    admin_groups=("Instructor",), allowed_groups=("Learner", "urn:site:guest"),
)  # fmt: skip
NOBODY_LISTED = replace(SETTINGS, sign_on=SIGN_ON, admins=(), allowed=(), allow_all=False)
KEY, ANOTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Platform:
    """`shown`: the name of its key. An exception as `trouble` is raised instead of an answer."""

    def __init__(self):
        self.asked, self.shown, self.trouble = 0, "one", None

    async def fetch(self, _request):
        self.asked += 1
        if self.trouble:
            raise self.trouble
        key = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        keys = [{**key, "kid": self.shown, "alg": "RS256", "use": "sig"}]
        return SimpleNamespace(body=json.dumps({"keys": keys}).encode())


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def sign_on(tmp_path, monkeypatch, platform):
    with_people(monkeypatch)
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS", "SIGN_ON_SECRET", "SIGNED_ON"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(helper, "states", dict.fromkeys)
    monkeypatch.setattr(helper, "need_account", lambda _name, _of: None)
    made = LtiAuthenticator(hub_settings=NOBODY_LISTED, enable_auth_state=True)
    made.http_client = platform
    return made


def claims(**changed):
    now = int(time.time())
    return {"iss": URL, "aud": "hub", "iat": now, "exp": now + 300, "nonce": "n", "sub": "7"} | changed


def message(key=KEY, kid="one", algorithm="RS256", **changed):
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers={"kid": kid})


def verified(sign_on, told):
    return asyncio.run(sign_on.verified(told))


def test_a_message_counts_that_the_platform_has_signed_for_this_hub(sign_on):
    assert verified(sign_on, message())["sub"] == "7"
    assert verified(sign_on, message(aud=["hub", "another"]))["sub"] == "7"


def wrong_messages():
    """Message and words, made when they are sent: each would soon be too old."""
    now = int(time.time())
    yield message(ANOTHER), "its signature is not the platform's"
    yield message(kid="two"), "a key that the platform does not show"
    yield message(None, algorithm="none"), "its signature is not the platform's"
    yield message(b"a secret of thirty-two bytes, all of it", algorithm="HS256"), "its signature is not the platform's"
    yield message(aud="another"), "it is for another tool"
    yield message(iss="https://elsewhere.example.org"), "it is of another platform"
    yield message(exp=now - 3600, iat=now - 3600), "it is too old"
    yield message(iat=now + 3600), "it is too old"
    yield jwt.encode({"sub": "7"}, KEY, algorithm="RS256", headers={"kid": "one"}), "missing"
    yield "nonsense", "Not enough segments"
    yield "", "Not enough segments"


def test_any_other_message_is_refused(sign_on):
    for told, words in wrong_messages():
        with pytest.raises(ValidationError, match=words):
            verified(sign_on, told)


def test_a_new_key_is_asked_for_but_not_for_each_name_of_one(sign_on, platform):
    verified(sign_on, message())
    for _ in range(5):
        verified(sign_on, message())
        with pytest.raises(ValidationError):
            verified(sign_on, message(kid="two"))
    assert platform.asked == 1
    platform.shown = "two"
    sign_on._asked_at -= 31
    verified(sign_on, message(kid="two"))
    assert platform.asked == 2


def test_a_platform_that_is_away_is_named_and_the_keys_of_before_hold(sign_on, platform):
    platform.trouble = ConnectionRefusedError("no")
    with pytest.raises(HTTPError, match="Moodle does not show its keys") as error:
        verified(sign_on, message())
    assert error.value.status_code == 503
    platform.trouble = None
    verified(sign_on, message())
    platform.trouble = ConnectionRefusedError("no")
    sign_on._asked_at -= 3600
    verified(sign_on, message())


def login(sign_on, *roles, data=None, **changed):
    told = Launch(claims(email="bob", **changed) | {ROLES: list(roles)})
    return asyncio.run(sign_on.get_authenticated_user(SimpleNamespace(request=None), data or told))


def test_a_role_lets_in_and_makes_an_administrator(sign_on):
    learner, teacher = f"{IN_A_COURSE}Learner", f"{IN_A_COURSE}Instructor"
    for roles in ((), ("Learner",), ("http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",)):
        with pytest.raises(HTTPError, match="bob is not on the list"):
            login(sign_on, *roles)
    assert (login(sign_on, learner)["name"], login(sign_on, learner)["admin"]) == ("bob", False)
    assert login(sign_on, "urn:site:guest")["admin"] is False
    assert login(sign_on, learner, teacher)["admin"] is True


def test_a_form_is_no_launch(sign_on):
    """JupyterHub gives what anyone sends to its login page to the authenticator."""
    form = dict(claims(email="bob")) | {ROLES: f"{IN_A_COURSE}Instructor"}
    with pytest.raises(HTTPError, match="from a course of Moodle"):
        login(sign_on, data=form)


def test_somebody_without_an_id_or_with_anothers_name_is_refused(sign_on):
    with pytest.raises(HTTPError, match="does not say who you are"):
        login(sign_on, f"{IN_A_COURSE}Learner", sub="")
    login(sign_on, f"{IN_A_COURSE}Learner")
    with pytest.raises(HTTPError, match="belongs to another person of Moodle"):
        login(sign_on, f"{IN_A_COURSE}Learner", sub="8")


def test_a_role_holds_for_an_hour_and_a_launch_for_eight(sign_on):
    model = login(sign_on, f"{IN_A_COURSE}Instructor")
    state = model["auth_state"]
    assert set(state) == {"told", "sub", "roles", "vouched"}, "nothing else of the message is kept"

    async def kept():
        return state

    teacher = SimpleNamespace(name="bob", admin=True, get_auth_state=kept)
    for hours, expected in ((0.5, True), (2, {"admin": False}), (9, False)):
        sign_on._seen["bob"].asked -= 61
        sign_on._seen["bob"].at = time.time() - hours * 3600
        told = asyncio.run(sign_on.refresh_user(teacher, SimpleNamespace(current_user=teacher)))
        assert told == expected, hours
