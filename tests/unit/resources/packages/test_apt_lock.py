"""Who holds apt's lock is named while we wait for it, and when we no longer do."""

import subprocess
import sys

import pytest

from fakes.host import FakeHost
from hubinstall.errors import UserError
from hubinstall.machine import activity
from hubinstall.resources.packages import apt_lock

HOLD = """import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.said = []
    host.say = host.said.append
    for path in apt_lock.LOCKS:
        host.put(path, "")
    return host


@pytest.fixture(params=apt_lock.LOCKS)
def held(host, request, monkeypatch):
    """Another process that holds one of the locks as apt does, until its stdin is closed."""
    monkeypatch.setattr(apt_lock, "EVERY", 0.01)
    path = str(host.path(request.param))
    command = [sys.executable, "-c", HOLD, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        host.put(f"/proc/{process.pid}/cmdline", "/usr/bin/apt-get\0install\0emacs\0")
        yield process
        process.stdin.close()


def test_free_locks_are_not_waited_for(host):
    apt_lock.free(host)
    assert host.said == []
    assert apt_lock.locked_by(str(host.path("/nowhere/lock"))) is None


def test_the_holder_is_named_once_and_waited_for(host, held, monkeypatch):
    naps = []

    def nap(_):
        naps.append(None)
        if len(naps) == 3:
            held.stdin.close()
            held.wait()

    monkeypatch.setattr(apt_lock.time, "sleep", nap)
    apt_lock.free(host)
    assert host.said == [f"waiting for pid {held.pid} (/usr/bin/apt-get install emacs), which holds apt's lock"]
    assert len(naps) == 3


def test_a_holder_that_does_not_end_is_named_when_we_give_up(host, held, monkeypatch):
    monkeypatch.setattr(apt_lock, "PATIENCE", 0.05)
    with pytest.raises(UserError, match=rf"pid {held.pid} \(/usr/bin/apt-get install emacs\) has held") as caught:
        apt_lock.free(host)
    assert "run it again" in caught.value.hint


def test_a_holder_that_works_is_waited_for_however_long_that_takes(host, held, monkeypatch):
    monkeypatch.setattr(apt_lock, "PATIENCE", 0.05)
    ticks, clock = iter(range(10**9)), [0.0]
    # A clock of its own: a busy machine may let more real time pass between two looks than the patience.
    monkeypatch.setattr(activity.time, "monotonic", lambda: clock[0])

    def nap(_):
        """The processor time of the one who holds it grows, as the kernel tells."""
        clock[0] += 0.03
        host.put(f"/proc/{held.pid}/stat", f"{held.pid} (apt-get) S 1 1 1 0 0 0 0 0 0 0 {next(ticks)} 0 0 0 20")
        if clock[0] > 0.5 and not held.stdin.closed:
            held.stdin.close()
            held.wait()

    monkeypatch.setattr(apt_lock.time, "sleep", nap)
    apt_lock.free(host)
    assert len(host.said) == 1
