"""The files of a course that has ended: each of its people gets the own ones, for a while."""

import json
import os
import time
import zipfile
from types import SimpleNamespace

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.hubside import ended_courses
from hubinstall.hubside.accounts import Account
from hubinstall.machine import careful_copy
from hubinstall.people import course_ends

ME = os.getuid()
NOW = time.time()


@pytest.fixture
def ends(tmp_path, monkeypatch):
    """A course that has ended, with emmy, who has handed in, and sofja, who has not."""
    folder = tmp_path / "ended"
    monkeypatch.setattr(layout, "COURSE_ENDS", str(folder))
    numbers = {"emmy": 1001, "sofja": 1002, "mallory": 1003}
    monkeypatch.setattr(
        Account,
        "brief",
        classmethod(lambda cls, name: cls(name, numbers[name], 1, "/home/x") if name in numbers else None),
    )

    def add(name: str, until: float = NOW + 1000) -> None:
        (folder / name).mkdir(parents=True)
        about = {"course": "stats", "title": "Statistics", "until": until, "people": [1001, 1002]}
        (folder / name / "course.json").write_text(json.dumps(about))
        for file in ("1001.zip", "material.zip"):
            (folder / name / file).write_text(name)

    add("stats-1")
    return SimpleNamespace(add=add, folder=folder)


def test_each_gets_the_own_files_and_the_material(ends):
    assert ended_courses.file_of("emmy", "stats", "own") == ends.folder / "stats-1/1001.zip"
    assert ended_courses.file_of("sofja", "stats", "own") is None
    assert ended_courses.file_of("sofja", "stats", "material") == ends.folder / "stats-1/material.zip"
    for name, course in (("mallory", "stats"), ("nobody", "stats"), ("emmy", "stats-1"), ("emmy", "../stats")):
        for which in ("own", "material"):
            assert ended_courses.file_of(name, course, which) is None


def test_the_page_shows_what_there_is(ends):
    [shown] = ended_courses.for_page(SimpleNamespace(name="sofja"))
    assert (shown["title"], shown["material"], "own" in shown) == (
        "Statistics",
        "course/stats/files/material.zip",
        False,
    )
    assert ended_courses.for_page(SimpleNamespace(name="mallory")) == ended_courses.for_page(None) == []


def test_a_course_that_ended_again_has_the_files_of_the_last_time(ends):
    ends.add("stats-2", NOW + 2000)
    assert ended_courses.file_of("emmy", "stats", "own") == ends.folder / "stats-2/1001.zip"
    assert len(ended_courses.for_page(SimpleNamespace(name="emmy"))) == 1


def test_what_is_old_or_broken_is_deleted_and_nothing_else(ends, tmp_path):
    ends.add("old", NOW - 1)
    (ends.folder / "broken").mkdir()
    (tmp_path / "kept").mkdir()
    (ends.folder / "link").symlink_to(tmp_path / "kept")
    assert sorted(ended_courses.delete_old(NOW)) == ["broken", "old"]
    assert sorted(path.name for path in ends.folder.iterdir()) == ["link", "stats-1"]
    assert ended_courses.handlers()
    assert ended_courses.delete_old(NOW + 5000) == ["stats-1"]
    assert ended_courses.handlers() == []


@pytest.fixture
def host(tmp_path):
    """With me as the hub and as emmy."""
    host = FakeHost(tmp_path / "host")
    host.put(
        "/etc/passwd",
        f"root:x:0:0::/root:/bin/sh\njupyterhub:x:{ME}:{os.getgid()}::/:/bin/sh\nemmy:x:{ME}:1::/home/emmy:/bin/sh\n",
    )
    host.put("/etc/group", f"root:x:0:\njupyterhub:x:{os.getgid()}:\n")
    for folder in ("box/work", "material", layout.HUB_STATE):
        host.path(f"/{folder}").mkdir(parents=True)
    return host


def left(host: FakeHost) -> float:
    folders = [careful_copy.opened(str(host.path(path))) for path in ("/box", "/material")]
    try:
        return course_ends.leave(host, "stats", "Statistics", ["emmy", "gone"], box=folders[0], material=folders[1])
    finally:
        for folder in folders:
            os.close(folder)


def test_the_archives_are_the_hubs_as_a_whole(host, monkeypatch):
    host.path("/box/work/a.txt").write_text("42")
    (host.path("/box/work") / os.fsdecode(b"\xff.txt")).write_text("no name of any language")
    host.path("/box/link").symlink_to("/etc/passwd")
    host.path("/material/task.txt").write_text("?")
    until = left(host)
    assert 29.9 < (until - NOW) / 86400 < 30.1
    monkeypatch.setattr(layout, "COURSE_ENDS", str(host.path(layout.COURSE_ENDS)))
    [ended] = ended_courses.known(NOW)
    assert (ended.course, ended.title, ended.people) == ("stats", "Statistics", {ME})
    assert ended.folder.stat().st_mode & 0o777 == 0o700
    own, material = (ended.file(ME, which) for which in ("own", "material"))
    assert own
    assert material
    assert own.stat().st_mode & 0o777 == 0o600
    assert set(zipfile.ZipFile(own).namelist()) == {"work/?.txt", "work/a.txt"}
    assert zipfile.ZipFile(material).read("task.txt") == b"?"
    assert not host.exists(layout.COURSE_ENDING)


def test_no_link_in_the_hubs_directory_leads_root_elsewhere(host):
    host.path("/box/work/a.txt").write_text("42")
    host.path("/elsewhere").mkdir()
    host.path(layout.COURSE_ENDS).symlink_to(host.path("/elsewhere"))
    with pytest.raises(OSError):
        left(host)
    assert list(host.path("/elsewhere").iterdir()) == []
    assert not host.exists(layout.COURSE_ENDING)
