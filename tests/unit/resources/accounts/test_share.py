"""Shares: the folder, the link in /etc/skel and in every home; nothing of a person's is touched."""

import os
import threading

import pytest

from fakes.host import FakeHost
from hubinstall.errors import UserError
from hubinstall.machine import access_lists, answering, mounts
from hubinstall.machine.accounts import people
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import Change, look

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


def settle(host, share=SHARE):
    change = look(share, host)
    if change:
        share.apply(host, change)
        host.forget()
    return change


def test_people_are_those_with_a_home_of_their_own(host):
    with host.path("/etc/passwd").open("a") as passwd:
        passwd.write("mallory:x:1001:1001::/home/mallory:/bin/sh\nghost:x:1002:1002::/home/ghost:/bin/sh\n")
    host.forget()
    assert [p.name for p in people(host, 1000, 60000)] == ["alice"]


def test_other_steps_change_the_machine_while_homes_are_looked_at(host, monkeypatch):
    """One of them has just purged a person, whose number an account without a home keeps."""
    with host.path("/etc/passwd").open("a") as passwd:
        passwd.write("purged-1001:x:1001:1001::/nonexistent:/usr/sbin/nologin\n")
    settle(host)
    real = host.names

    def names(path):
        host.forget()
        return real(path)

    monkeypatch.setattr(host, "names", names)
    assert settle(host) is None


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


def test_new_files_in_a_share_are_readable_whatever_the_umask(host):
    settle(host)
    before = os.umask(0o077)
    try:
        host.path("/srv/data/course/lesson").write_text("1")
    finally:
        os.umask(before)
    assert host.stat("/srv/data/course/lesson").mode == "0644"
    os.removexattr(host.path("/srv/data/course"), "system.posix_acl_default")
    host.forget()
    assert look(SHARE, host).keys == ["new files"]


def member(host, *names):
    host.path("/etc/group").open("a").write(f"staff:x:3000:{','.join(names)}\n")
    host.forget()


def test_only_the_readers_of_a_share_have_links(host):
    exams = Share("exams", readers="staff")
    member(host, "alice")
    assert settle(host, exams).verb == "create"
    assert host.stat("/srv/data/exams").mode == "2750"
    assert host.stat("/home/alice/exams").target == "/srv/data/exams"
    assert not host.exists("/etc/skel/exams")
    assert settle(host, exams) is None
    host.path("/etc/group").write_text("root:x:0:\nstaff:x:3000:\n")
    host.tried.clear()
    host.forget()
    assert settle(host, exams).before["homes of others with link"] == ["alice"]
    assert not host.exists("/home/alice/exams")
    assert settle(host, exams) is None


def test_a_share_that_comes_back_is_not_adopted(host):
    """Its directory has stayed, and the ledger removes only what was made."""
    exams = Share("exams", readers="staff")
    member(host, "alice")
    settle(host, exams)
    exams.remove(host)
    host.tried.clear()
    host.forget()
    assert host.exists("/srv/data/exams")
    assert settle(host, exams).verb == "create"
    assert host.stat("/home/alice/exams").target == "/srv/data/exams"
    assert settle(host, exams) is None


def test_a_share_that_is_closed_takes_its_link_from_new_homes_and_leaves_others(host):
    settle(host)
    member(host)
    closed = Share("course", readers="staff")
    assert settle(host, closed)
    assert not host.exists("/etc/skel/course")
    host.path("/etc/skel/course").mkdir()
    host.forget()
    assert settle(host, closed) is None
    host.path("/etc/skel/course").rmdir()
    host.tried.clear()
    host.forget()
    assert settle(host).keys, "open again"
    assert host.stat("/srv/data/course").mode == "0755"
    assert host.stat("/home/alice/course").target == "/srv/data/course"


def test_into_a_drop_box_everyone_writes_and_nobody_reads(host):
    member(host)
    settle(host, Share("handin", drop_box=True))
    assert host.stat("/srv/data/handin").mode == "3733"
    settle(host, Share("handin", drop_box=True, readers="staff"))
    assert (host.stat("/srv/data/handin").mode, host.stat("/srv/data/handin").group) == ("3773", "staff")
    host.path("/srv/data/handin/mine").write_text("1")
    listed = access_lists.read(host.path("/srv/data/handin"))
    assert access_lists.described(listed) == "u::rwx,g::r-x,g:100:---,m::r-x,o::---"
    assert host.stat("/srv/data/handin/mine").mode == "0640"
    assert host.stat("/etc/skel/handin").target == "/srv/data/handin"


def lists(host, name):
    path = host.path(f"/srv/data/{name}")
    return [access_lists.described(access_lists.read(path, one)) for one in (access_lists.OWN, access_lists.ATTRIBUTE)]


def test_one_group_writes_and_another_reads(host):
    lesson = Share("lesson", group="tutors", readers="staff")
    member(host, "alice")
    host.answers["groupadd tutors"] = lambda *_: host.path("/etc/group").open("a").write("tutors:x:3001:\n") and ""
    assert settle(host, lesson).verb == "create"
    assert lists(host, "lesson") == ["u::rwx,g::rwx,g:3000:r-x,m::rwx,o::---"] * 2
    assert (host.stat("/srv/data/lesson").mode, host.stat("/srv/data/lesson").group) == ("2770", "tutors")
    assert host.stat("/home/alice/lesson").target == "/srv/data/lesson"
    assert not host.exists("/etc/skel/lesson")
    assert settle(host, lesson) is None
    for attribute, key in ((access_lists.OWN, "also"), (access_lists.ATTRIBUTE, "new files")):
        os.removexattr(host.path("/srv/data/lesson"), attribute)
        host.forget()
        assert key in settle(host, lesson).keys
        assert settle(host, lesson) is None


def test_into_a_drop_box_of_members_nobody_else_puts_anything(host):
    box = Share("box", drop_box=True, readers="tutors", members="staff")
    member(host, "alice")
    host.path("/etc/group").open("a").write("tutors:x:3001:\n")
    assert settle(host, box).verb == "create"
    assert lists(host, "box") == ["u::rwx,g::r-x,g:3000:-wx,m::rwx,o::---", "u::rwx,g::r-x,g:100:---,m::r-x,o::---"]
    assert (host.stat("/srv/data/box").mode, host.stat("/srv/data/box").group) == ("3770", "tutors")
    assert host.stat("/home/alice/box").target == "/srv/data/box"
    assert not host.exists("/etc/skel/box")
    assert settle(host, box) is None
    for everyones in (Share("box", drop_box=True, readers="tutors"), box):
        host.tried.clear()
        assert settle(host, everyones)
        assert settle(host, everyones) is None


def test_an_administrators_own_access_list_stays(host):
    settle(host)
    own = access_lists.of_new_files(7, 0, barred=1234)
    access_lists.write(host.path("/srv/data/course"), own)
    assert settle(host) is None
    assert access_lists.read(host.path("/srv/data/course")) == own


def test_a_directory_elsewhere_is_linked_and_its_files_stay(host, monkeypatch):
    monkeypatch.setattr(mounts, "is_own", lambda *_: True)
    elsewhere = Share("course", group="staff", path="/mnt/course")
    member(host)
    settle(host, elsewhere)
    assert host.stat("/srv/data/course").target == "/mnt/course"
    assert "/mnt/course, to which /srv/data/course leads, is not there" in host.notices[0]
    assert not host.exists("/mnt/course"), "a mount point is not for us to make"
    host.put("/mnt/course/file", "1")
    assert settle(host, elsewhere).keys == ["folder", "new files"]
    assert (host.stat("/mnt/course").mode, host.stat("/mnt/course").group) == ("2775", "staff")
    assert settle(host, elsewhere) is None
    elsewhere.remove(host)
    assert not host.exists("/srv/data/course")
    assert not host.exists("/home/alice/course")
    assert host.text("/mnt/course/file") == "1"


def test_a_file_server_is_used_as_it_is(host, monkeypatch):
    monkeypatch.setattr(mounts, "is_own", lambda *_: False)
    host.put("/mnt/course/file", "1")
    mode = host.stat("/mnt/course").mode
    settle(host, Share("course", group="staff", path="/mnt/course"))
    assert host.stat("/mnt/course").mode == mode
    assert "/mnt/course is used as it is" in host.notices[0]
    assert settle(host, Share("course", group="staff", path="/mnt/course")) is None


def test_a_share_moves_elsewhere_and_back_unless_files_are_in_the_way(host, monkeypatch):
    monkeypatch.setattr(mounts, "is_own", lambda *_: True)
    host.put("/mnt/course/file", "1")
    elsewhere = Share("course", path="/mnt/course")
    settle(host)
    settle(host, elsewhere)
    assert host.stat("/srv/data/course").target == "/mnt/course"
    with pytest.raises(UserError, match="not a directory"):
        settle(host)
    SHARE.apply(host, Change(SHARE, {}, {}, last={"path": "/mnt/course"}))
    assert host.stat("/srv/data/course").kind == "dir"
    host.put("/srv/data/course/file", "1")
    with pytest.raises(UserError, match="holds files of its own"):
        settle(host, elsewhere)


def test_what_people_have_in_the_way_of_a_link_and_what_root_alone_reads_is_said(host):
    host.put("/home/alice/course/mine.txt", "precious")
    settle(host)
    assert SHARE.taken(host) == ["/home/alice/course"]
    host.put("/srv/data/course/lesson", "1")
    host.path("/srv/data/course/lesson").chmod(0o600)
    host.put("/srv/data/course/other", "1")
    host.forget()
    assert SHARE.unreadable(host) == ["/srv/data/course/lesson"]
    host.path("/srv/data/course").chmod(0o700)
    assert SHARE.unreadable(host)[0] == "/srv/data/course"


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
