"""What gets further is never ended, however slowly; what stands still is."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from hubinstall.errors import StalledError
from hubinstall.machine import activity, processes, tcp_traffic
from hubinstall.machine.activity import FILES, STARTS, Activity, Patience, Watch
from hubinstall.machine.host import Host

ENV = {"PATH": os.environ["PATH"]}
RECEIVE = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nwhile s.recv(1): pass"


def run(*argv, stall):
    return processes.to_its_end(list(argv), env=ENV, stall=stall, begun=int)


@contextlib.contextmanager
def server(*pauses):
    """Sends a byte after each pause to the one who comes, and then nothing; closes it if the last pause is 0."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def serve():
            visitor, _ = listening.accept()
            with visitor:
                for pause in pauses:
                    done.wait(pause)
                    visitor.send(b"x")
                if pauses[-1]:
                    done.wait(60)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield str(listening.getsockname()[1])
        done.set()
        thread.join(10)


def test_a_line_that_brings_a_byte_now_and_then_is_waited_for():
    with server(*[0.5] * 10, 0) as port:
        assert run(sys.executable, "-c", RECEIVE, port, stall=4).returncode == 0


def test_a_line_that_brings_nothing_more_is_not():
    began = time.monotonic()
    with server(0.2, 0.2, 0.2) as port:
        ended = run(sys.executable, "-c", RECEIVE, port, stall=1.5)
    assert any("socket.create_connection" in line for line in ended.stalled)
    assert 1.5 < time.monotonic() - began < 50


@pytest.mark.parametrize(
    "busy",
    [
        "i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done",
        "(i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done) & wait",
        "for i in 1 2 3 4 5 6; do head -c 100000 /dev/zero > /dev/null; sleep 0.2; done",
    ],
    ids=["processor", "a child's", "files"],
)
def test_what_works_is_waited_for(busy):
    assert run("sh", "-c", busy, stall=0.6) == processes.Ended(0, "", "")


def test_what_only_says_that_it_waits_is_not():
    assert run("sh", "-c", "while :; do echo waiting; sleep 0.9; done", stall=3).stalled


def test_a_daemon_that_works_for_it_counts(tmp_path):
    """As dockerd does for the docker command."""
    daemon = tmp_path / "workd"
    daemon.symlink_to("/bin/dd")
    with subprocess.Popen([daemon, "if=/dev/zero", "of=/dev/null"], start_new_session=True, stderr=-3) as working:
        try:
            ended = processes.to_its_end(["sleep", "2"], env=ENV, stall=0.5, begun=int, daemons=["workd"])
            alone = processes.to_its_end(["sleep", "2"], env=ENV, stall=0.5, begun=int)
        finally:
            working.kill()
    assert not ended.stalled
    assert alone.stalled


def test_the_host_says_that_it_made_no_progress():
    with pytest.raises(StalledError, match="no progress for 1 s: killed"):
        Host().run(["sleep", "60"], stall=1)


def test_one_that_would_run_is_not_hanging_though_it_gets_no_processor():
    seen = [Activity(), Activity(ready=True), Activity()]
    watch = Watch(lambda: seen.pop(0), 0.2)
    assert not watch.hangs()
    time.sleep(0.3)
    assert not watch.hangs()
    time.sleep(0.3)
    assert watch.hangs()


@pytest.mark.parametrize(
    ("now", "further"),
    [
        (Activity(), False),
        (Activity(processor=1.0), False),
        (Activity(processor=1.6), True),
        (Activity(files=FILES - 1), False),
        (Activity(files=FILES), True),
        (Activity(arrived={7: 10}), False),
        (Activity(arrived={7: 11}), True),
        (Activity(arrived={8: 1}), True),
    ],
)
def test_how_much_counts(now, further):
    assert now.beyond(Activity(arrived={7: 10}), 300) is further


def test_a_program_that_ended_is_no_standstill():
    assert Activity(processor=1).beyond(Activity(processor=100), 300)


def test_a_kernel_that_does_not_tell_about_sockets(monkeypatch):
    monkeypatch.setattr(tcp_traffic, "SOCK_DIAG", 10_000)
    assert tcp_traffic.arrived() == {}
    assert activity.of_process(os.getpid()).processor > 0


def test_a_process_that_is_gone_does_nothing():
    assert activity.of_process(2**22 + 1) == Activity()


def test_a_service_is_waited_for_while_it_works_but_not_for_ever():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        patience = Patience(0.2, 1.0)
        begun = time.monotonic()
        while not patience.is_over(busy.pid):
            time.sleep(0.02)
        busy.kill()
    assert time.monotonic() - begun > 0.9


def test_a_service_that_does_nothing_is_given_up():
    with subprocess.Popen(["sleep", "60"]) as idle:
        patience = Patience(0.3, 60)
        begun = time.monotonic()
        while not patience.is_over(idle.pid):
            time.sleep(0.02)
        idle.kill()
    assert 0.25 < time.monotonic() - begun < 30


def test_a_service_that_starts_again_and_again_is_given_up():
    patience = Patience(60, 60)
    assert [patience.is_over(2**22 + number) for number in range(1, STARTS + 2)] == [False] * STARTS + [True]
