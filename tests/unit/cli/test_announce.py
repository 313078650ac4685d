"""`hubinstall announce`: what it writes is what the hub shows, and for how long."""

import json

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import announce
from hubinstall.errors import UserError
from hubinstall.hubside import appearance

TEXT = "Exam on Friday at 10: <b>bring</b> a pencil"


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.put(layout.LEDGER, "{}")
    return host


def shown(host, now):
    return list(appearance.current(host.path(layout.ANNOUNCEMENT), now))


def test_what_is_announced_is_shown_until_its_time_is_over(host, capsys, monkeypatch):
    monkeypatch.setattr(announce.time, "time", lambda: 1000.0)
    assert announce.announce(host, TEXT, until="2h") == 0
    assert "Everyone reads it on the hub's pages now, until" in capsys.readouterr().err
    assert shown(host, 1000.0) == shown(host, 8199.0) == [TEXT]
    assert shown(host, 8200.0) == []
    announce.announce(host, "")
    assert capsys.readouterr().out == f"{TEXT}\n"


def test_without_an_end_it_stays_until_it_is_removed(host, capsys):
    announce.announce(host, TEXT)
    assert shown(host, 1e12) == [TEXT]
    announce.announce(host, "", clear=True)
    assert shown(host, 0) == []
    announce.announce(host, "")
    assert "Nothing is announced" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["  ", "a\x07b", "x" * 1001, "a\u202eb"])
def test_what_no_page_should_show_is_refused(host, text):
    with pytest.raises(UserError, match="announcement") as caught:
        announce.announce(host, text)
    assert caught.value.code == 2
    assert not host.exists(layout.ANNOUNCEMENT)


def test_an_end_without_a_text_is_wrong_usage(host):
    with pytest.raises(UserError, match="nothing to announce") as caught:
        announce.announce(host, "", until="2h")
    assert caught.value.code == 2


def test_before_an_installation_it_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="not installed") as caught:
        announce.announce(FakeHost(tmp_path), TEXT)
    assert "hubinstall apply" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"text": 1}', '{"text": "a", "until": "x"}', "\xff"])
def test_a_page_is_shown_whatever_is_in_the_file(host, content):
    host.put(layout.ANNOUNCEMENT, content)
    assert shown(host, 0) == []


def test_both_texts_are_shown(host, monkeypatch):
    host.put(layout.ANNOUNCEMENT, json.dumps({"text": "two", "until": None}))
    monkeypatch.setattr(layout, "ANNOUNCEMENT", str(host.path(layout.ANNOUNCEMENT)))
    page = appearance.Appearance(title="", logo="", help="", announcement="one")
    assert page.announcements() == ["one", "two"]
