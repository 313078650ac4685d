"""The pair that nginx reads: the best that there is, switched at once, never one that is not there."""

import pytest

from fakes.authority import openssl
from fakes.host import FakeHost, seen
from hubinstall.engine.journal import Journal
from hubinstall.errors import UserError
from hubinstall.resources.tls.served import Pair, ServedCertificate

NAME = "hub.example.org"
FIRST = Pair("/srv/live/fullchain.pem", "/srv/live/privkey.pem", (NAME,))
LAST = Pair("/srv/own.crt", "/srv/own.key")
WISH = ServedCertificate("/srv/tls/served", (FIRST, LAST))


@pytest.fixture
def host(tmp_path, authority) -> FakeHost:
    host = FakeHost(tmp_path)
    host.answers["openssl"] = openssl(host)
    host.path("/srv/tls").mkdir()
    authority.put(host, LAST.cert, LAST.key, "anything")
    return host


def apply(host, wish=WISH):
    change = seen(wish, host)
    assert change is not None
    wish.apply(host, change)
    assert seen(wish, host) is None


def serves(host) -> str:
    for pair in (FIRST, LAST):
        if host.text("/srv/tls/served/fullchain.pem") == host.text(pair.cert):
            assert host.text("/srv/tls/served/privkey.pem") == host.text(pair.key)
            return pair.cert
    return ""


def test_the_last_until_the_first_is_there(host, authority):
    apply(host)
    assert serves(host) == LAST.cert
    authority.put(host, FIRST.cert, FIRST.key, NAME)
    assert seen(WISH, host).keys == ["pair"]
    apply(host)
    assert serves(host) == FIRST.cert
    stats = [host.stat(f"/srv/tls/served/{name}") for name in ("fullchain.pem", "privkey.pem")]
    assert [(s.mode, s.owner) for s in stats] == [("0600", "root")] * 2
    assert host.stat("/srv/tls/served").kind == "link"


def test_a_pair_that_does_not_match_is_passed_over(host, authority):
    authority.put(host, FIRST.cert, FIRST.key, NAME)
    host.put(FIRST.key, authority.pair(NAME)[2])
    apply(host)
    assert serves(host) == LAST.cert


def test_one_that_is_for_another_name_is_passed_over_also_when_it_was_good_before(host, authority):
    authority.put(host, FIRST.cert, FIRST.key, NAME)
    apply(host)
    moved = ServedCertificate(WISH.name, (Pair(FIRST.cert, FIRST.key, ("new.example.org",)), LAST))
    apply(host, moved)
    assert serves(host) == LAST.cert


def test_one_that_has_ended_serves_on(host, authority, monkeypatch):
    authority.put(host, FIRST.cert, FIRST.key, NAME, ends=1)
    apply(host)
    monkeypatch.setattr("hubinstall.resources.tls.x509.time.time", lambda: 4e9)
    assert seen(WISH, host) is None


def test_a_no_op_asks_no_program(host, authority):
    authority.put(host, FIRST.cert, FIRST.key, NAME)
    apply(host)
    host.commands.clear()
    assert seen(WISH, host) is None
    assert host.commands == []


def test_what_a_hand_wrote_over_it_is_mended(host):
    apply(host)
    host.put("/srv/tls/served/fullchain.pem", "nonsense")
    assert seen(WISH, host).keys == ["pair"]
    apply(host)


def test_nothing_to_serve_is_said_with_its_reasons(host):
    wish = ServedCertificate(WISH.name, (FIRST,))
    with pytest.raises(UserError) as caught:
        wish.apply(host, seen(wish, host))
    assert f"{FIRST.cert} does not exist or is not a file" in caught.value.hint
    apply(host)
    assert "does not exist or is not a file" in seen(wish, host).before["pair"], "and plan says it"


def test_a_folder_in_its_place_is_somebodys(host):
    host.path("/srv/tls/served").mkdir()
    with pytest.raises(UserError, match="is not a link, but a link is expected there"):
        WISH.apply(host, seen(WISH, host))


def test_the_one_before_stays_and_no_older_one(host, authority):
    before = {}
    for _ in range(4):
        authority.put(host, FIRST.cert, FIRST.key, NAME)
        apply(host)
        link = host.stat(WISH.name).target
        other = next((name for name in before if name != link), link)
        assert host.text(f"/srv/tls/{other}/fullchain.pem") == before.get(other, host.text(FIRST.cert))
        before[link] = host.text(FIRST.cert)
    assert host.names("/srv/tls") == ["pair-a", "pair-b", "served"]


def test_a_run_that_fails_leads_back_to_the_pair_before(host, authority):
    apply(host)
    before = host.text("/srv/tls/served/fullchain.pem")
    host.journal = Journal(host)
    for _ in range(2):
        authority.put(host, FIRST.cert, FIRST.key, NAME)
        apply(host)
    host.journal, journal = None, host.journal
    assert journal.put_back() == []
    assert host.text("/srv/tls/served/fullchain.pem") == before


def test_removal_leaves_no_key(host, authority):
    apply(host)
    for _ in range(2):
        ServedCertificate(WISH.name).remove(host)
        assert host.names("/srv/tls") == []
    assert host.exists(LAST.key), "what it was a copy of is its maker's"
