"""Who has handed in what: a list of all students, bounds for each, and no cell that is a formula."""

import csv
import io
import os
import zipfile

import pytest

from fakes.host import FakeHost
from hubinstall.machine import careful_copy
from hubinstall.people import collecting, handing_out


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    me = f"me:x:{os.getuid()}:0:=Me:/home/me:/bin/sh\n" if os.getuid() else ""
    host.put("/etc/passwd", f"root:x:0:0:=Root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n{me}")
    for folder in ("box", "to"):
        host.path(f"/{folder}").mkdir()
    return host


@pytest.fixture
def folders(host):
    opened = [careful_copy.opened(str(host.path(f"/{name}"))) for name in ("box", "to")]
    yield opened
    for file in opened:
        os.close(file)


ME = "me" if os.getuid() else "root"


def test_files_by_person_with_a_list(host, folders):
    box, to = folders
    host.path("/box/a.txt").write_text("42")
    host.path("/box/link").symlink_to("/etc/passwd")
    found = collecting.look(host, box, ["alice", ME], 0.0)
    collecting.collect(box, to, found.values(), os.getgid())
    assert host.path(f"/to/{ME}/a.txt").read_text() == "42"
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(collecting.table(found.values())))}
    assert (rows["alice"]["files"], rows["alice"]["last"]) == ("0", "")
    assert (rows[ME]["files"], rows[ME]["bytes"], rows[ME]["left out"]) == ("1", "2", "link is a link")
    assert rows[ME]["last"].startswith("20")
    assert rows[ME]["full name"].startswith("'=")


def test_an_archive_for_each(host, folders):
    box, to = folders
    host.path("/box/work").mkdir()
    host.path("/box/work/a.txt").write_text("42")
    os.utime(host.path("/box/work/a.txt"), (1, 1))
    found = collecting.look(host, box, ["alice", ME], 0.0)
    collecting.zipped(box, to, found.values())
    assert [path.name for path in host.path("/to").iterdir()] == [f"{ME}.zip"]
    assert host.path(f"/to/{ME}.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(host.path(f"/to/{ME}.zip")) as archive:
        assert archive.read("work/a.txt") == b"42"
        assert archive.testzip() is None


def test_only_what_came_since(host, folders):
    box, _ = folders
    host.path("/box/a.txt").write_text("42")
    os.utime(host.path("/box/a.txt"), (1, 1))
    assert collecting.look(host, box, [], 0.0)[ME].files[0].changed > 1, "its owner cannot set it back"
    assert collecting.look(host, box, [], 4e9) == {}


def test_one_person_has_a_bound(host, folders, monkeypatch):
    box, _ = folders
    monkeypatch.setattr(collecting, "MOST_BYTES", 5)
    for name in "abc":
        host.path(f"/box/{name}").write_text("xx")
    person = collecting.look(host, box, [], 0.0)[ME]
    assert ([one.path for one in person.files], person.size, person.left[0].path) == (["a", "b"], 4, "c")


def test_what_is_handed_out_twice_is_the_same_and_others_files_stay(host, folders):
    box, to = folders
    host.path("/box/a.txt").write_text("1")
    host.path("/box/b.txt").write_text("1")
    assert handing_out.hand_out(box, to, "week1").files == {"new": 2}
    host.path("/to/week1/teachers.txt").write_text("mine")
    host.path("/box/b.txt").write_text("2")
    assert handing_out.hand_out(box, to, "week1").files == {"the same already": 1, "replaced": 1}
    assert host.path("/to/week1/b.txt").read_text() == "2"
    assert host.path("/to/week1/teachers.txt").read_text() == "mine"
