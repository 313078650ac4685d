"""What a password needs: long enough, not one that everybody tries first."""

import pytest

from hubinstall.settings.values.passwords import parse_new_password
from hubinstall.settings.values.words import WrongValueError


@pytest.mark.parametrize("password", ["enigma-1843", "correct horse battery", "grüße-an-alle", "abcdefgx", "a:b:c:d:e"])
def test_a_good_one_is_kept_as_it_is(password):
    assert parse_new_password(password, "ada") == password


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "empty"),
        ("tab\there", "control characters"),
        ("x" * 512, "more than 511"),
        ("seven77", "7 characters, and needs 8"),
        ("Password1", "most common"),
        ("QWERTZUIOP", "most common"),
        ("12345678", "most common"),
        ("hgfedcba", "most common"),
        ("aaaaaaaaaaaa", "most common"),
        ("ada.lovelace", "the name of the account"),
    ],
)
def test_a_bad_one_is_refused_and_never_repeated(password, words):
    with pytest.raises(WrongValueError, match=words) as caught:
        parse_new_password(password, "Ada.Lovelace")
    assert len(password) < 4 or password not in f"{caught.value.message} {caught.value.hint}"


def test_the_site_says_how_long():
    assert parse_new_password("blue", "ada", least=4) == "blue"
    with pytest.raises(WrongValueError, match="needs 12"):
        parse_new_password("enigma-1843", "ada", least=12)
    with pytest.raises(WrongValueError, match="most common"):
        parse_new_password("hallo", "ada", least=1)
