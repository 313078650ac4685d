"""What status says of shares that people do not see as the settings say."""

import pytest

from fakes.host import FakeHost
from hubinstall.resources.accounts.share import Share
from hubinstall.verify.shares import shares


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.put("/srv/data/course/lesson", "1")
    host.path("/srv/data/course/lesson").chmod(0o644)
    host.path("/srv/data/course").chmod(0o755)
    host.path("/home/alice").mkdir()
    host.owners["/home/alice"] = ("alice", "alice")
    return host


def test_shares_as_they_should_be_are_ok(host):
    host.path("/home/alice/course").symlink_to("/srv/data/course")
    assert shares(host, [Share("course")]) == ("shares", "ok", "1 share", "")


def test_what_is_away_or_closed_is_named_with_what_to_do(host, monkeypatch):
    def ask(_host, places, _question):
        return {place: TimeoutError() if place == "/mnt/away" else None for place in places}

    host.path("/srv/data/course/lesson").chmod(0o600)
    monkeypatch.setattr("hubinstall.verify.shares.mounts.ask", ask)
    made = [Share("course"), Share("away", path="/mnt/away"), Share("gone", path="/mnt/gone")]
    monkeypatch.setattr(Share, "_homes", lambda *_: {})
    name, state, message, hint = shares(host, made)
    assert (name, state) == ("shares", "warning")
    assert "/mnt/away does not answer; /mnt/gone is not there" in message
    assert "readable for root alone: /srv/data/course/lesson" in message
    assert "See that its server answers" in hint


def test_a_mount_that_shows_others_nothing_gets_its_option_named(host, monkeypatch):
    refused = PermissionError(13, "Permission denied")
    monkeypatch.setattr("hubinstall.verify.shares.mounts.ask", lambda *_: {"/mnt/mine": refused})
    monkeypatch.setattr(Share, "_homes", lambda *_: {})
    _, state, message, hint = shares(host, [Share("mine", path="/mnt/mine")])
    assert (state, message) == ("warning", "1 share; /mnt/mine cannot be seen (Permission denied)")
    assert "allow_other" in hint


def test_a_name_that_is_taken_in_a_home_is_said(host):
    host.put("/home/alice/course/mine", "precious")
    _, state, message, hint = shares(host, [Share("course")])
    assert state == "warning"
    assert "people have something else under the name of a share: /home/alice/course" in message
    assert "hubinstall apply" in hint
