"""Commands end when they end, and those that hang are ended with all that they started (when: test_activity.py)."""

import os
import signal
import tempfile
import time

import pytest

from hubinstall.errors import StalledError
from hubinstall.machine import processes
from hubinstall.machine.host import Host

ENV = {"PATH": os.environ["PATH"]}


def run(script, stall=30.0, input_=None):
    return processes.to_its_end(["sh", "-c", script], env=ENV, stall=stall, begun=int, input=input_)


def test_output_input_and_exit_code():
    ended = run("cat; echo said >&2; exit 3", input_="given\r\n")
    assert ended == processes.Ended(3, "given\n", "said\n")


def test_more_than_a_pipe_holds_arrives_whole():
    ended = run("head -c 3000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2")
    assert (len(ended.stdout), len(ended.stderr)) == (3_000_000, 300_000)


def test_a_program_that_is_left_behind_is_not_waited_for():
    began = time.monotonic()
    ended = run("sleep 60 & echo $!")
    assert time.monotonic() - began < 30
    os.kill(int(ended.stdout), signal.SIGKILL)  # it was not killed either: it may be a daemon


def test_all_of_a_command_ends_when_it_hangs_and_what_it_was_at_is_told():
    # A process group of its own, as shells with job control make: still the same session.
    ended = run("echo begun; sleep 61 & perl -e 'setpgrp; exec qw(sleep 63)'", stall=1)
    assert ended.stdout == "begun\n"
    assert ended.returncode == -signal.SIGKILL
    assert any(line.endswith("sleep 61") for line in ended.stalled)
    assert any(line.endswith("sleep 63") for line in ended.stalled)
    for line in ended.stalled:
        pid = int(line.split()[0])
        gone = time.monotonic() + 60
        while os.path.exists(f"/proc/{pid}") and "Z" not in processes._state(pid):
            assert time.monotonic() < gone
            time.sleep(0.01)


def test_a_process_that_no_signal_reaches_is_left_behind(monkeypatch):
    """As one that waits for a file system whose program does not answer."""
    killed = []
    monkeypatch.setattr(processes, "_end", lambda pid: killed.append(pid) or ["D"])
    monkeypatch.setattr(processes, "LAST", 0.1)
    ended = run("exec sleep 62", stall=1)
    assert (ended.returncode, ended.stalled) == (-signal.SIGKILL, ("D",))
    os.kill(killed[0], signal.SIGKILL)


def test_the_log_tells_what_a_command_that_hangs_was_at():
    log = []
    host = Host(log=log.append)
    with pytest.raises(StalledError, match="no progress for 1 s: killed") as raised:
        host.run(["sh", "-c", "echo connecting >&2; sleep 64; true"], stall=1, check=False)
    assert "connecting" in raised.value.hint
    assert "sleep 64" in log[-1]


def test_each_line_is_told_as_it_comes():
    told = []
    script = (
        "echo first; printf '10%%\\r20%%\\r\\n\\n'; while [ ! -e \"$0\" ]; do sleep 0.01; done; printf 'last\\300' >&2"
    )
    with tempfile.TemporaryDirectory() as folder:

        def tell(line):
            told.append(line)
            if line == "20%":  # only now may it end
                open(f"{folder}/go", "w").close()

        ended = processes.to_its_end(["sh", "-c", script, f"{folder}/go"], env=ENV, stall=60, begun=int, told=tell)
    assert told == ["first", "20%", "last\ufffd"]
    assert ended.stdout == "first\n10%\n20%\n\n"
