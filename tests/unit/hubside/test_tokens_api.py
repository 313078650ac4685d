"""Tokens have short words, and a person has a bounded number of them."""

from types import SimpleNamespace

import pytest
from jupyterhub import orm
from tornado.web import HTTPError

from hubinstall.hubside.tokens_api import LONGEST_LIFE, LONGEST_NOTE, MOST, MOST_RIGHTS, check, check_number


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"note": "of my laptop", "expires_in": 3600, "scopes": ["self"], "roles": None}, {"note": "x" * 250},
     {"expires_in": None}, {"note": None}],
)  # fmt: skip
def test_usual_ones(body):
    check(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"note": "x" * (LONGEST_NOTE + 1)}, "at most 250 characters"),
        ({"note": ["x"]}, "must be a text"),
        ({"note": "Server at /user/grace/"}, "choose another one"),
        ({"expires_in": LONGEST_LIFE + 1}, "seconds between 0 and"),
        ({"expires_in": -1}, "seconds between 0 and"),
        ({"scopes": ["self"] * (MOST_RIGHTS + 1)}, "at most 100 scopes"),
        ({"roles": ["r" * 256]}, "at most 100 roles of at most 255"),
    ],
)
def test_long_ones(body, words):
    with pytest.raises(HTTPError, match=words) as refused:
        check(body)
    assert refused.value.status_code == 400


def test_the_number():
    db = orm.new_session_factory("sqlite:///:memory:")()
    db.add(orm.OAuthClient(identifier="jupyterhub"))
    ada, eve = orm.User(name="ada"), orm.User(name="eve")
    db.add_all([ada, eve])
    db.commit()
    for _ in range(MOST):
        check_number(db, SimpleNamespace(name="ada", orm_user=ada))
        ada.new_api_token()
    with pytest.raises(HTTPError, match="ada has 100 tokens"):
        check_number(db, SimpleNamespace(name="ada", orm_user=ada))
    check_number(db, SimpleNamespace(name="eve", orm_user=eve))
    db.query(orm.APIToken).first().expires_at = orm.APIToken.now().replace(year=2020)
    db.commit()
    check_number(db, SimpleNamespace(name="ada", orm_user=ada))
