"""dist/bootstrap.py, piped from a static web server onto a machine with a hub that somebody uses. A first install by it
is in test_first_light.py.
"""

import json
from collections.abc import Iterator

import pytest

from harness import installed, one_file
from harness.commands import Result
from harness.faults import Place
from harness.machine import Machine

pytestmark = pytest.mark.one_kind

NEW, OLD = "9.3.0", "9.2.7"
CUTS = 20
CHANGED = "find /etc /opt /root /srv /usr /var/lib/hubinstall -xdev -newer /run/before ! -path '*/hubinstall/hub*'"
"""The command that lists what has changed, but for the hub's own state."""


@pytest.fixture(scope="module")
def web(place: Place) -> Iterator[Machine]:
    whole = one_file.build(NEW)
    cut = {f"cut-{n}.py": whole[: len(whole) * n // CUTS] for n in range(CUTS)}
    almost = {"cut-last.py": whole.rstrip()[:-2]}
    with one_file.served(place.machine, {**cut, **almost, "new.py": whole, "old.py": one_file.build(OLD)}):
        yield place.machine


@pytest.fixture(scope="module")
def upgraded(web: Machine) -> Result:
    return one_file.piped(web, "--verbose", name="new.py")


def version(machine: Machine) -> str:
    return machine.run(["hubinstall", "version"]).out.split()[-1]


def test_a_download_that_was_cut_does_nothing(web: Machine) -> None:
    before = version(web)
    web.run("touch /run/before; sleep 0.1")
    for name in [*(f"cut-{n}.py" for n in range(CUTS)), "cut-last.py"]:
        done = one_file.piped(web, "--admin mallory --verbose", name=name, check=False)
        assert done.out == "", name
        assert done.err == "" or "Error: " in done.err, name
    assert web.run(CHANGED).out == ""
    assert version(web) == before
    assert web.run("getent passwd mallory", check=False).out == ""


def test_a_newer_file_upgrades_and_nobodys_server_ends(web: Machine, place: Place, upgraded: Result) -> None:
    assert "installing the command hubinstall" in upgraded.err
    assert version(web) == NEW
    assert installed.plan(web) == []
    assert place.kernel.execute("print(kept)") == "42\n"


def test_the_same_file_with_another_flag_reconfigures(web: Machine, place: Place, upgraded: Result) -> None:
    assert upgraded.code == 0
    done = one_file.piped(web, f"--admin {installed.PERSON}", name="new.py")
    assert "installing the command" not in done.err
    assert "grace" in web.run(["hubinstall", "config", "get", "users.admin"]).out
    assert installed.plan(web) == []
    assert place.kernel.execute("print(kept)") == "42\n"
    assert "nothing changed" in one_file.piped(web, name="new.py").err


def test_quiet_says_nothing_and_json_says_what_was_done(web: Machine, upgraded: Result) -> None:
    assert upgraded.code == 0
    said = one_file.piped(web, "--quiet --memory 1100M", name="new.py")
    assert (said.out, said.err) == ("", "")
    result = json.loads(one_file.piped(web, "--quiet --json --memory 1200M", name="new.py").out)
    assert result["succeeded"]
    assert "service:jupyterhub" in {change["id"] for change in result["changes"]}
    assert result["urls"]
    assert result["passwords"] == {}


def test_an_older_version_is_refused(web: Machine, upgraded: Result) -> None:
    """By the file and by a checkout: the checkout's version is older than this one."""
    assert upgraded.code == 0
    web.push_checkout()
    web.run("touch /run/before; sleep 0.1")
    for done in (
        one_file.piped(web, "--admin mallory", name="old.py", check=False),
        web.run("python3 -B hubinstall/installer/bootstrap.py", check=False),
    ):
        assert (done.code, done.out) == (1, "")
        assert f"this machine has the newer version {NEW}" in done.err
        assert "To go back, run `hubinstall uninstall --yes`" in done.err
    assert web.run(CHANGED).out == ""
    assert version(web) == NEW
