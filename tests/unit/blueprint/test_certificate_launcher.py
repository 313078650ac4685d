"""What renews the certificate if systemd has no timer for it: the launcher, as supervisord starts it."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from hubinstall import layout
from hubinstall.blueprint.templating import render
from hubinstall.resources.services.service import started_with


@pytest.fixture
def scheduler(tmp_path):
    """Running, with what supervisord itself was started with still in its environment."""
    launcher = tmp_path / layout.CERTIFICATES_SERVICE
    launcher.write_text(render("templates/launchers/hubinstall-certificates.sh", command="/bin/true"))
    launcher.chmod(0o755)
    ours = {layout.SERVICE_NAME: "test-scheduler", layout.CONFIGURED: "abc", layout.STARTED_WITH: "supervisord's own"}
    process = subprocess.Popen([str(launcher)], env={"PATH": os.environ["PATH"], **ours}, start_new_session=True)
    yield process
    process.terminate()
    assert process.wait(60) == 0


def comm(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:  # it has ended meanwhile
        return ""


def test_what_it_was_started_with_can_be_read_from_outside(scheduler):
    wanted = f"{layout.STARTED_WITH}={started_with('abc', [])}".encode()
    for _ in range(1200):
        if wanted in Path(f"/proc/{scheduler.pid}/environ").read_bytes().split(b"\0"):
            break
        time.sleep(0.05)
    else:
        pytest.fail("it says to be started with something else")
    waits = Path(f"/proc/{scheduler.pid}/task/{scheduler.pid}/children")
    # Its pause: a child before that may be one of the launcher's questions, when it does not heed TERM yet.
    while "sleep\n" not in [comm(pid) for pid in waits.read_text().split()]:
        time.sleep(0.05)
