"""Names of new accounts, and what is proposed instead of those that cannot be."""

import pytest

from hubinstall.machine.accounts import CREATABLE
from hubinstall.people.newcomers import folded, parse_full_name, parse_name, proposal
from hubinstall.settings.values.words import WrongValueError


@pytest.mark.parametrize("name", ["ada", "max.muster", "m_2-x", "_a", "a" * 32])
def test_names_that_useradd_takes(name):
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Lisa", "try lisa"), ("Jörg Müller", "try joerg.mueller"), ("ada@example.org", "try ada"),
        ("3peter", "small letters"), ("", "small letters"), ("../../etc/passwd", "try etcpasswd"),
        ("alice;id", "try aliceid"), ("a" * 33, f"try {'a' * 32}"), ("алиса", "small letters"),
        ("purged-1005", "another name"), ("-rf", "try rf"), ("a\nb", "try a.b"),
    ],
)  # fmt: skip
def test_names_that_it_does_not_take(name, hint):
    with pytest.raises(WrongValueError) as caught:
        parse_name(name)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("full_name", "email", "name"),
    [
        ("Jörg Müller", "", "joerg.mueller"), ("Ada King Lovelace", "", "ada.lovelace"), ("Björk", "", "bjoerk"),
        ("Łukasz Żak", "", "lukasz.zak"), ("Grace Hopper", "Grace.B@navy.example", "grace.b"), ("爱达", "", ""),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_person(full_name, email, name):
    assert proposal(full_name, email) == name


@pytest.mark.parametrize("text", ["É" * 50, "x\x00y", "..", "a@b", "ß" * 40, "\u202e", "Ⅷ", "ﬃ", "İ"])
def test_a_proposal_is_a_name_or_nothing(text):
    assert not folded(text) or CREATABLE.fullmatch(folded(text))


def test_a_full_name_fits_into_passwd():
    assert parse_full_name("  Müller,  Jörg ") == "Jörg Müller"
    assert parse_full_name("") == ""
    for text in ("a:b", "a, b, c", "x\x07", "n" * 201):
        with pytest.raises(WrongValueError, match="full name"):
            parse_full_name(text)
