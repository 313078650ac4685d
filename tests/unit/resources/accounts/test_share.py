"""Shares: the folder, the link in /etc/skel and in every home; nothing of a person's is touched."""

import os
import threading

import pytest

from fakes.host import FakeHost
from hubinstall.machine import answering
from hubinstall.machine.accounts import people
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import look

SHARE = Share("course")


def as_person(argv, _input):
    """What `setpriv … ln -sT TARGET PATH` and `setpriv … rm -f PATH` do, on the fake host's folder."""
    command = argv[argv.index("--") + 1 :]
    path = as_person.host.path(command[-1])
    if command[0] == "test":
        return "" if path.is_symlink() else (1, "")
    if as_person.refuses:
        return 1, f"ln: failed to create symbolic link '{path}': Disk quota exceeded"
    if command[0] == "ln":
        os.symlink(command[2], path)
    else:
        path.unlink(missing_ok=True)
    return ""


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path, {"setpriv --reuid=1000 --regid=1000": as_person})
    as_person.host, as_person.refuses = host, False
    for folder in ("srv/data", "etc/skel", "home/alice", "home/mallory", "root"):
        (tmp_path / folder).mkdir(parents=True)
    host.owners["/home/alice"] = ("alice", "alice")
    return host


def settle(host):
    change = look(SHARE, host)
    if change:
        SHARE.apply(host, change)
        host.forget()
    return change


def test_people_are_those_with_a_home_of_their_own(host):
    with host.path("/etc/passwd").open("a") as passwd:
        passwd.write("mallory:x:1001:1001::/home/mallory:/bin/sh\nghost:x:1002:1002::/home/ghost:/bin/sh\n")
    host.forget()
    assert [p.name for p in people(host, 1000, 60000)] == ["alice"]


def test_links_are_made_everywhere_and_then_nothing_is_to_do(host):
    assert settle(host).verb == "create"
    assert host.stat("/etc/skel/course").target == "/srv/data/course"
    assert host.stat("/home/alice/course").target == "/srv/data/course"
    assert settle(host) is None


def test_what_a_person_keeps_under_the_name_stays(host):
    host.put("/home/alice/course/mine.txt", "precious")
    settle(host)
    assert host.text("/home/alice/course/mine.txt") == "precious"
    assert "it belongs to alice" in host.notices[0]
    assert settle(host) is None


def test_a_lost_link_is_mended_and_named(host):
    settle(host)
    host.tried.clear()  # as in the next run
    host.path("/home/alice/course").unlink()
    change = look(SHARE, host)
    assert change.keys == ["homes without link"]
    assert change.before["homes without link"] == ["alice"]


def test_removal_takes_links_and_leaves_data(host):
    settle(host)
    host.put("/srv/data/course/lesson.txt", "1")
    SHARE.remove(host)
    SHARE.remove(host)
    assert not host.exists("/etc/skel/course")
    assert not host.exists("/home/alice/course")
    assert host.text("/srv/data/course/lesson.txt") == "1"


def test_removal_leaves_a_link_that_leads_elsewhere(host):
    settle(host)
    host.path("/home/alice/course").unlink()
    host.path("/home/alice/course").symlink_to("/home/alice/own")
    host.forget()
    SHARE.remove(host)
    assert host.stat("/home/alice/course").target == "/home/alice/own"


def test_existing_folder_of_the_admin_keeps_its_owner(host):
    host.put("/srv/data/course/x", "1")
    host.owners["/srv/data/course"] = ("alice", "alice")
    settle(host)
    assert host.stat("/srv/data/course").owner == "alice"


def test_a_home_is_looked_at_once_however_many_shares_there_are(host, monkeypatch):
    looked = []
    names = host.names
    monkeypatch.setattr(host, "names", lambda path: looked.append(path) or names(path))
    for number in range(50):
        look(Share(f"course-{number}"), host)
    assert looked == ["/home/alice"]


def test_a_home_that_root_may_not_read_has_no_links(host, monkeypatch):
    def refused(_path):
        raise PermissionError

    monkeypatch.setattr(host, "names", refused)
    settle(host)
    host.tried.clear()
    assert look(SHARE, host) is None, "its owner was asked"
    host.path("/home/alice/course").unlink()
    assert look(SHARE, host).before["homes without link"] == ["alice"]


def test_what_a_home_refuses_is_a_notice_and_is_tried_again(host):
    as_person.refuses = True
    assert settle(host).verb == "create"
    assert look(SHARE, host) is None, "tried in this run, so it is no failure"
    [notice] = host.notices
    assert "alice does not get the link /home/alice/course" in notice
    assert "Disk quota exceeded" in notice
    host.tried.clear()  # the next run
    as_person.refuses = False
    assert settle(host).keys == ["homes without link"]
    assert host.stat("/home/alice/course").target == "/srv/data/course"


def test_a_link_that_its_owner_removes_at_once_is_no_failure(host):
    settle(host)
    host.path("/home/alice/course").unlink()
    assert look(SHARE, host) is None
    host.tried.clear()
    assert look(SHARE, host).before["homes without link"] == ["alice"]


def test_a_link_that_comes_and_goes_is_no_failure(host):
    host.path("/home/alice/course").mkdir()
    SHARE.apply(host, look(SHARE, host))
    host.path("/home/alice/course").rmdir()
    host.forget()
    assert look(SHARE, host) is None


def test_a_closed_home_is_named_and_nothing_is_to_do(host):
    settle(host)
    host.tried.clear()
    host.path("/home/alice/course").unlink()
    host.path("/home/alice").chmod(0o500)
    assert look(SHARE, host) is None
    assert "its owner may not write there" in host.notices[0]


def test_a_link_that_cannot_be_removed_is_a_notice(host):
    settle(host)
    as_person.refuses = True
    SHARE.remove(host)
    assert "the link /home/alice/course of alice, if there is one, stays (Disk quota exceeded)" in host.notices


def test_a_home_that_does_not_answer_is_named_and_asked_once(host, monkeypatch):
    asked = []

    def stat(path, usual=host.stat):
        if path.startswith("/home/alice"):
            asked.append(path)
            threading.Event().wait()
        return usual(path)

    monkeypatch.setattr(host, "stat", stat)
    monkeypatch.setattr(answering.each, "__defaults__", (0.05,))
    settle(host)
    SHARE.remove(host)
    assert asked == ["/home/alice"]
    assert "it does not answer" in host.notices[0]
