"""dockerd is restarted if it was started with other variables, and only then."""

import pytest

from fakes.docker import Engine
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.machine.way_out import as_file, values
from hubinstall.resources.base import look
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.docker.variables import DockerVariables

TEXT = as_file({"HTTPS_PROXY": "http://proxy.example:3128"}, ())
SHOWN = "Id=docker.service\nLoadState=loaded\nActiveState={}\nSubState=running\nUnitFileState=enabled\nMainPID=77\n"


@pytest.fixture
def host(tmp_path):
    """A machine whose dockerd has loaded live-restore; a restart reads the file of variables."""
    host = FakeHost(tmp_path)
    host.engine = Engine(host)
    host.engine.live = True
    host.put(layout.DOCKER_SOCKET, "")
    host.answers |= host.engine.answers()
    host.put(layout.DOCKER_PID, "77")
    host.put("/proc/77/comm", "dockerd\n")
    host.put("/proc/77/environ", "PATH=/bin\0")
    host.path(layout.WAY_OUT).parent.mkdir(parents=True)
    host.restarts = 0

    def restart(_argv, _input):
        host.restarts += 1
        pairs = values(host.text(layout.WAY_OUT)).items()
        host.put("/proc/77/environ", "".join(f"{name}={value}\0" for name, value in pairs))
        return ""

    host.answers |= {
        "systemctl show": SHOWN.format("active"),
        "systemctl restart docker.service": restart,
        "systemctl reset-failed": "",
    }
    return host


def settled(host, resource):
    if change := look(resource, host):
        resource.apply(host, change)
    host.forget()
    return look(resource, host)


def test_it_is_restarted_once_with_the_file(host):
    variables, loaded = DockerVariables(layout.WAY_OUT, TEXT), LiveRestore(variables=TEXT)
    assert settled(host, variables) is None
    assert look(loaded, host).keys == ["started_with"]
    assert settled(host, loaded) is None
    assert settled(host, loaded) is None
    assert host.restarts == 1


def test_without_the_file_it_is_restarted_without_them(host):
    variables = DockerVariables(layout.WAY_OUT, TEXT)
    assert settled(host, variables) is None
    assert settled(host, LiveRestore(variables=TEXT)) is None
    for _ in range(2):
        variables.remove(host)
    assert not host.exists(layout.WAY_OUT)
    assert host.restarts == 2
    assert "proxy" not in host.text("/proc/77/environ")


def test_one_that_was_started_without_them_is_left_alone(host):
    host.write(layout.WAY_OUT, b"# nothing\n")
    DockerVariables(layout.WAY_OUT).remove(host)
    assert host.restarts == 0


def test_one_that_is_stopped_stays_stopped(host):
    host.answers["systemctl show"] = SHOWN.format("inactive")
    host.write(layout.WAY_OUT, TEXT.encode())
    LiveRestore(variables=TEXT).start_again(host)
    assert host.restarts == 0
