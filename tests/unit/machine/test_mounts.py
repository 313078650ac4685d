"""Places on file systems that somebody else serves are asked only if these answer."""

import pytest

from fakes.host import FakeHost
from hubinstall.errors import StalledError
from hubinstall.machine import mounts

MOUNTINFO = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 21 0:44 / /home/old rw - nfs4 server:/old rw
31 21 0:45 / /home/new rw,nosuid - fuse.sshfs server:/new rw
32 21 0:46 / /home/with\040space rw - cifs //server/x rw
33 21 0:47 / /home/old/local ro - tmpfs tmpfs rw
"""


@pytest.fixture
def host(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTINFO)
    return FakeHost(tmp_path, {"stat -f": ""})


def test_the_table(host):
    assert mounts.table(host)["/home/new"] == ("fuse.sshfs", ["rw", "nosuid"])
    assert "/home/with space" in mounts.table(host)


def test_a_mount_that_does_not_answer_is_asked_once_and_its_places_not_at_all(host, monkeypatch):
    asked, questions = [], []

    def query(argv, **how):
        asked.append(argv[-1])
        if argv[-1] == "/home/new":
            raise StalledError(argv, how["stall"], "")

    def question(place):
        questions.append(place)
        return place.upper()

    monkeypatch.setattr(host, "query", query)
    places = ["/home/new/ada", "/home/ada", "/home/old/eve", "/home/old/local/x", "/home/new", "/home/ada"]
    for _ in range(2):
        found = mounts.ask(host, places, question)
        host.forget()
    assert list(found) == places[:5]
    assert [place for place, answer in found.items() if isinstance(answer, TimeoutError)] == [places[0], "/home/new"]
    assert found["/home/old/eve"] == "/HOME/OLD/EVE"
    assert set(questions) == {"/home/ada", "/home/old/eve", "/home/old/local/x"}
    assert asked == ["/home/new", "/home/old", "/home/old"]
