"""Builds of packages: what ends them in the middle, and what they download."""

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from harness import installed, unseen
from harness.machine import Machine
from harness.waiting import LONG, soon

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

# In a build apt comes first, and takes seconds: what happens when the container is there happens in the middle.
ADD = ["hubinstall", "environment", "add", "--apt", "sl", "tinydb"]
CONTAINER = "docker ps --quiet --no-trunc --filter name=hubinstall-build"
SHIM = f'pkill -9 -f "containerd-shim.*$({CONTAINER})"'
CUTS: dict[str, tuple[str | Callable[[Machine], object], str]] = {
    "network": (Machine.cut_network, "Host names cannot be resolved|no connection to the internet"),
    "container": (f"docker kill $({CONTAINER})", "their container was killed"),
    "shim": (SHIM, "their container was killed"),
    "unseen": (
        unseen.end(f"$({CONTAINER})"),
        "Docker missed that their container has ended|their container was killed|Docker ended while",
    ),
    "dockerd": ("kill -9 $(cat /run/docker.pid)", "Docker ended while it was at work"),
}


@contextlib.contextmanager
def build(machine: Machine) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, in the middle of its build."""
    with machine.background(ADD) as command:
        assert soon(lambda: machine.run(CONTAINER, check=False).out != "", every=0.1)
        yield command


def ids(machine: Machine) -> str:
    return machine.run("docker image ls --quiet --no-trunc; cat /etc/hubinstall/environments/*/*", check=False).out


@pytest.mark.parametrize("what", CUTS)
def test_a_build_that_is_cut_short_says_so_and_changes_nothing(installed_machine: Machine, what: str) -> None:
    machine, (cut, says) = installed_machine, CUTS[what]
    before = ids(machine)
    with build(machine) as command:
        if callable(cut):
            cut(machine)
        else:
            machine.run(cut)
        _, said = command.communicate(timeout=LONG * machine.pace)
    machine.restore_network()
    assert command.returncode == 1
    assert re.search(says, said.decode())
    installed.wait_for_login_page(machine)
    assert ids(machine) == before
    assert soon(lambda: machine.run(CONTAINER).out == "")
    assert soon(lambda: installed.plan(machine) == [])


def test_a_server_goes_on_and_the_same_command_has_what_was_cut_short(installed_machine: Machine) -> None:
    machine = installed_machine
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        with grace.kernel() as kernel:
            kernel.execute("kept = 42")
            with build(machine) as command:
                machine.run("pkill -9 -x containerd")
                _, said = command.communicate(timeout=LONG * machine.pace)
            # When the container was just about to start, or to end, Docker cannot go on with it.
            assert command.returncode == 0 or "Run it again" in said.decode(), said.decode()
            machine.run(ADD, timeout=600)
            assert kernel.execute("print(kept)") == "42\n"
        grace.stop_server()
        grace.start_server()
        assert grace.run_cell("import tinydb; print(bool(tinydb.__version__))") == "True\n"
        grace.stop_server()
    assert installed.plan(machine) == []


def received(machine: Machine) -> int:
    """Bytes that came over the network until now."""
    return int(machine.run("grep host0: /proc/net/dev").out.split()[1])


def test_one_package_more_downloads_that_package_alone(installed_machine: Machine) -> None:
    """In an environment of its own; without the cache that tests share."""
    machine, bytes_ = installed_machine, []
    for package in ("phonenumbers", "roman"):
        before = received(machine)
        add = ["hubinstall", "environment", "add", "--environment", "small", package]
        machine.run(add, env={"UV_CACHE_DIR": ""}, timeout=600)
        bytes_.append(received(machine) - before)
    print(f"received: {bytes_[0] / 1e6:.2f} MB, then {bytes_[1] / 1e6:.2f} MB")
    files = machine.run("ls /var/cache/hubinstall/wheels/*").out
    assert all(f".{package}-" in files for package in ("phonenumbers", "roman"))
    assert bytes_[1] < bytes_[0] / 2
