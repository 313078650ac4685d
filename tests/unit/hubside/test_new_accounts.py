"""Names of a sign-on and the accounts that they become."""

import asyncio
import json
import random
import re
import time
import unicodedata

import pytest

from hubinstall.accounts_helper.questions import Wanted, parsed
from hubinstall.hubside import helper
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.new_accounts import LONGEST, account_name, ensure, is_account_name
from hubinstall.machine.accounts import CREATABLE

PLAIN = ["emmy", "max.muster", "a", "peter3", "anna-lena", "x_y", "m" * 32, "karl--heinz"]


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_that_is_an_accounts_stays(name):
    assert account_name(name) == name


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Max.Muster@uni.example", "max.muster"),
        ("Jürgen Groß", "jurgen-gross"),
        ("3peter", "peter"),
        ("ALICE", "alice"),
        ("alice;id", "alice-id"),
        ("../../etc/passwd", "etc-passwd"),
        ("root", "root"),
        ("_apt", "apt"),
        ("hubinstall-probe", "hubinstall-pro"),
        ("docker", "docker"),
        ("李小龙", "user"),
        ("12345", "user"),
        ("@", "user"),
        ("-rf", "rf"),
        ("alice.", "alice"),
        (" alice", "alice"),
        ("m" * 33, "m" * 14),
        ("a" * LONGEST, "a" * 14),
    ],
)
def test_every_other_name_stays_readable_and_has_a_hash(name, stem):
    assert re.fullmatch(rf"{re.escape(stem)}--[a-z2-7]{{16}}", account_name(name))


def test_it_says_the_same_for_ever():
    """People's homes go by it."""
    assert account_name("Max.Muster@uni.example") == "max.muster--uh6yioxx5bk2tuhx"
    assert account_name("root") == "root--jajustitpylddo5d"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("alice", "аlice"),  # noqa: RUF001 - a Cyrillic letter
        ("alice", "alice\u200b"),
        ("alice", "ａｌｉｃｅ"),  # noqa: RUF001 - wide letters
        (unicodedata.normalize("NFC", "zoë"), unicodedata.normalize("NFD", "zoë")),
        ("max@uni.example", "max@other.example"),
        ("max@uni.example", "Max@uni.example"),
        ("root", "root "),
        ("m" * 33, "m" * 34),
    ],
)
def test_two_that_look_alike_are_two(one, other):
    assert account_name(one) != account_name(other)


def test_a_name_that_looks_like_somebodys_account_with_a_hash_is_another():
    theirs = account_name("max@uni.example")
    assert account_name(theirs) not in {theirs, "max@uni.example"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        (" \u3000", "empty"),
        ("m" * (LONGEST + 1), "257 characters"),
        ("m" * 5000, "5000 characters"),
        ("alice\n", "control"),
        ("alice\0", "control"),
        ("\x1b[31malice", "control"),
        ("al\u2028ice", "control"),
        ("alice\udc80", "control"),
        (None, "no text"),
        (5, "no text"),
        (["alice"], "no text"),
    ],
)
def test_what_is_no_name_is_refused_in_words(name, words):
    with pytest.raises(ValueError, match=words):
        account_name(name)


ALPHABETS = [
    "abc", "abcdefghijklmnopqrstuvwxyz0123456789._-", "aA", "a-2", "äöüßéñ", "\u0430\u0435\u043e\u0440", "日本語中文字",
    "😀🦆", "\u200b\u200d\u202ea", " ./;|&$`'\"\\@:,%", "a\u0301e\u0308", "İ\u0131\u017f\u212a",
]  # fmt: skip


def strange(seed: int, count: int) -> set[str]:
    """Names of short alphabets, so that many are close to each other; one in four ends like a hash."""
    draw = random.Random(seed)
    found = set()
    while len(found) < count:
        alphabet = draw.choice(ALPHABETS)
        name = "".join(draw.choices(alphabet, k=draw.choice([1, 2, 3, 4, 8, 31, 32, 33, 60])))
        if draw.random() < 0.25:
            name += "--" + "".join(draw.choices("abcdefghijklmnopqrstuvwxyz234567", k=16))
        if name.strip():
            found.add(name)
    return found


def test_a_hundred_thousand_strange_names_are_as_many_accounts():
    began = time.monotonic()
    names = strange(13, 100_000)
    names |= {account_name(name) for name in list(names)[:1_000]}
    found = {account_name(name): name for name in names}
    assert len(found) == len(names) > 100_000
    for account, name in found.items():
        assert is_account_name(account), name
        assert CREATABLE.fullmatch(account), name
        assert account.isascii(), name
        assert not account.startswith("_"), name
    assert {account_name(name) for name in names} == found.keys()
    print(f"{len(names)} names in {time.monotonic() - began:.1f} s")


@pytest.mark.parametrize(
    "name", ["root", "docker", "Alice", "../x", "", "a" * 33, "alice-", "_apt", "jupyterhub-proxy"]
)
def test_what_is_never_an_answer(name):
    assert not is_account_name(name)


def test_the_hub_asks_for_the_account_over_the_helpers_questions(monkeypatch):
    said: dict[str, dict[str, object]] = {
        "max": {"answer": "account"}, "bob": {"answer": "refused", "words": "No."},
        "eve": {"answer": "wait", "seconds": 5.0},
    }  # fmt: skip
    asked = []

    def ask(question: dict[str, str], _seconds: float) -> dict[str, object]:
        asked.append(parsed(json.dumps(question).encode()))
        return said[question["name"]]

    monkeypatch.setattr(helper, "asked", ask)
    monkeypatch.setattr(Account, "find", lambda name: Account(name, 1001, 1001, f"/home/{name}"))
    assert asyncio.run(ensure("max", "Max Muster")) == Account("max", 1001, 1001, "/home/max")
    assert asked == [Wanted("max", "Max Muster")]
    with pytest.raises(helper.NoAccountError, match="No"):
        asyncio.run(ensure("bob", "\udc80"))
    assert asked[-1] == Wanted("bob", "")
    with pytest.raises(helper.TooManyError):
        asyncio.run(ensure("eve"))
