"""The text of config.yaml, and what may stand in its place."""

import os

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.config.problems import ConfigError
from hubinstall.errors import UserError
from hubinstall.installation.inputs import config_text


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.path(layout.CONFIG_DIR).mkdir()
    return host


def refusal(host) -> str:
    with pytest.raises(ConfigError) as caught:
        config_text(host)
    assert caught.value.code == 78
    assert str(caught.value).startswith(f"{layout.CONFIG_FILE}:1:1: ")
    assert "; try moving it away: mv " in str(caught.value)
    return str(caught.value)


def test_nothing_is_an_empty_text(host, tmp_path):
    assert config_text(host) == ""
    assert config_text(FakeHost(tmp_path / "other")) == ""


def test_a_file_also_by_a_link(host):
    host.put("/srv/mine.yaml", "\ufeffdomain: hub.example.org\n")
    host.path(layout.CONFIG_FILE).symlink_to("../../srv/mine.yaml")
    assert config_text(host) == "domain: hub.example.org\n"


def test_what_is_no_file_is_refused_and_never_waited_for(host):
    path = host.path(layout.CONFIG_FILE)
    path.mkdir()
    assert "is not a regular file" in refusal(host)
    path.rmdir()
    os.mkfifo(path)
    assert "is not a regular file" in refusal(host)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "is not a regular file" in refusal(host)


def test_a_link_that_leads_nowhere_is_not_an_empty_file(host):
    path = host.path(layout.CONFIG_FILE)
    path.symlink_to("gone.yaml")
    assert "is a link whose target does not exist" in refusal(host)
    path.unlink()
    path.symlink_to(path.name)
    assert "cannot be read" in refusal(host)


def test_of_a_huge_file_only_as_much_is_read_as_shows_that_it_is_too_large(host):
    with host.path(layout.CONFIG_FILE).open("wb") as file:
        file.truncate(1 << 40)
    assert len(config_text(host)) < 5_000_000


def test_who_may_not_read_it_is_told_so(host, monkeypatch):
    def forbid(*_):
        raise PermissionError(13, "Permission denied")

    host.put(layout.CONFIG_FILE, "")
    monkeypatch.setattr(host, "read", forbid)
    with pytest.raises(UserError, match="for root only") as refused:
        config_text(host)
    assert refused.value.code == 1
