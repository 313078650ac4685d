"""What starts supervisord again if it is killed: the launcher, as supervisord starts it."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from hubinstall import layout
from hubinstall.blueprint.templating import render

PARENT = """import os, subprocess, sys, time
print(subprocess.Popen([sys.argv[1]], start_new_session=True).pid, flush=True)
time.sleep(600)
"""


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as file:
        return "\nState:\tZ" in file.read()
    return True


def waits(watch):
    with open(f"/proc/{watch}/task/{watch}/children") as children:
        return any(command(child) == "sleep" for child in children.read().split())


def command(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as file:
        return file.read().strip()


@pytest.fixture
def watched(tmp_path):
    """A program that stands for supervisord, with the launcher as its child; what stands for its launcher says so in a
    file, and fails as long as there is a file that says so.
    """
    started, fails = tmp_path / "started", tmp_path / "fails"
    supervisord = tmp_path / "supervisord"
    supervisord.write_text(f"#!/bin/sh\n[ ! -e {fails} ] || exit 1\nenv > {started}.new\nmv {started}.new {started}\n")
    launcher = tmp_path / "watch"
    launcher.write_text(
        render(
            "templates/launchers/hubinstall-watch.sh", supervisord="test-supervisord", pid=f"{tmp_path}/pid",
            launcher=str(supervisord), environment=["PATH=/usr/bin:/bin"],
        ).replace("sleep 5", "sleep 0.2")
    )  # fmt: skip
    for file in (supervisord, launcher):
        file.chmod(0o755)
    ours = {layout.SERVICE_NAME: "test-watch", layout.CONFIGURED: "abc", "PATH": os.environ["PATH"]}
    with subprocess.Popen([sys.executable, "-c", PARENT, launcher], env=ours, stdout=-1, text=True) as parent:
        watch = int(parent.stdout.readline())
        until(lambda: waits(watch))
        yield parent, watch, started, fails
        parent.kill()
        if not gone(watch):
            os.kill(watch, signal.SIGKILL)


def test_a_killed_one_is_started_again_in_a_clean_environment(watched):
    parent, watch, started, _ = watched
    parent.kill()
    until(started.exists)
    until(lambda: gone(watch))  # the new one brings its own
    assert layout.SERVICE_NAME not in started.read_text()


def test_a_start_that_fails_is_tried_again(watched):
    parent, _, started, fails = watched
    fails.touch()
    parent.kill()
    time.sleep(0.6)
    assert not started.exists()
    fails.unlink()
    until(started.exists)


def test_one_that_is_stopped_starts_nothing(watched):
    parent, watch, started, _ = watched
    os.kill(watch, signal.SIGTERM)
    until(lambda: gone(watch))
    parent.kill()
    time.sleep(0.5)
    assert not started.exists()


def test_one_that_runs_again_already_is_left_alone(watched, tmp_path):
    parent, watch, started, _ = watched
    with subprocess.Popen(["sleep", "60"], env={layout.SERVICE_NAME: "test-supervisord"}) as another:
        (tmp_path / "pid").write_text(str(another.pid))
        parent.kill()
        until(lambda: gone(watch))
        another.kill()
    assert not started.exists()
