"""Packages for everybody: added by one command while people work, refused, and without a network."""

import json
import time

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

LISTS = "/etc/hubinstall/environments/default"
NO_CACHE = {"UV_CACHE_DIR": "/var/tmp/no-cache"}


def lists(machine: Machine) -> str:
    return machine.run(f"tail -n +1 {LISTS}/* 2>&1", check=False).out


def restart(grace: HubClient) -> None:
    grace.stop_server()
    grace.start_server()


def builds(ada: HubClient) -> str:
    """What the administrators' page says of the last build."""
    answer = ada.request("GET", "hub/environments?build", step="builds", headers=PAGE)
    return answer.text if answer.status_code == 200 else ""  # 503: the hub is being restarted


def test_what_is_added_is_there_at_the_next_start(installed_machine: Machine) -> None:
    machine = installed_machine
    with installed.client(machine) as grace, installed.client(machine) as ada:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        assert 'id="no-build"' in builds(ada)
        grace.start_server()
        with grace.kernel() as kernel:
            kernel.execute("kept = 42")
            began = time.monotonic()
            with machine.background("hubinstall environment add humanize") as adding:
                assert soon(lambda: 'data-state="running"' in builds(ada)), "while it is built"
                adding.communicate(timeout=600 * machine.pace)
                assert adding.returncode == 0
            print(f"environment add: {time.monotonic() - began:.1f} s")
            assert soon(lambda: 'data-state="built"' in builds(ada))
            assert "Installing: humanize==" in builds(ada)
            assert installed.status(grace, "hub/environments") == 403
            assert kernel.execute("print(kept)") == "42\n"
            assert "ModuleNotFoundError" in kernel.execute("import humanize")
        restart(grace)
        assert grace.run_cell("import humanize\nprint(humanize.intcomma(1000))") == "1,000\n"
        grace.stop_server()
    assert installed.plan(machine) == []
    [listed] = json.loads(machine.run(["hubinstall", "environment", "list", "--json"]).out)["environments"]
    assert (listed["name"], listed["python"], list(listed["versions"])) == ("default", ["humanize"], ["humanize"])
    assert 0 < listed["added"] < 20_000_000 < listed["size"]


def test_after_a_system_prune_a_start_has_the_packages(installed_machine: Machine) -> None:
    machine = installed_machine
    ids = "docker image ls --quiet --no-trunc hubinstall/default/default"
    before = machine.run(ids).out
    machine.run("docker system prune --all --force --volumes")
    assert machine.run("docker images --quiet").out == ""
    installed.wait_for_login_page(machine)
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        with machine.offline():
            grace.start_server()
        assert grace.run_cell("import humanize\nprint(humanize.intcomma(1000))") == "1,000\n"
        grace.stop_server()
    assert machine.run(ids).out == before
    assert installed.plan(machine) == []


def test_packages_that_do_not_agree_are_named_and_nothing_changes(installed_machine: Machine) -> None:
    machine, before = installed_machine, lists(installed_machine)
    refused = machine.run(["hubinstall", "environment", "add", "pandas<2"], check=False, timeout=120)
    assert refused.code == 1
    assert "you require pandas<2 and pandas==" in refused.err
    machine.run("ip route save default > /run/route && ip route del default")
    cut = machine.run(["hubinstall", "environment", "add", "tinydb"], env=NO_CACHE, check=False, timeout=300)
    machine.run("ip route restore < /run/route")
    assert cut.code == 1
    assert "the package index did not answer" in cut.err
    assert lists(machine) == before
    assert installed.plan(machine) == []


FOLDER = "/srv/stats"
CONFIG = {
    "environments": {"stats": {"folder": FOLDER, "kernels": ["bash"]}},
    "profiles": [{"display_name": "Plain"}, {"display_name": "Stats", "environment": "stats"}],
}
LIST = "tinydb<5  # a small one\r\n"
POST_BUILD = """\
#!/bin/bash
set -e
sort words.txt > /usr/local/share/words.txt
cat /usr/local/share/nosuch || echo goes on
"""


def test_a_folder_is_an_environment_with_its_program_and_its_kernel(installed_machine: Machine) -> None:
    machine = installed_machine
    files = {"requirements.txt": LIST, "words.txt": "b\na\n", "postBuild": POST_BUILD}
    for name, text in files.items():
        machine.run(f"mkdir -p {FOLDER}")
        machine.write(f"{FOLDER}/{name}", text)
    words = [word for key, value in CONFIG.items() for word in (key, json.dumps(value))]
    machine.run(["hubinstall", "config", "set", *words, "--apply"], timeout=600)
    assert installed.plan(machine) == []
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server(options={"profile": "stats"})
        code = "import tinydb; print(tinydb.__version__[0], open('/usr/local/share/words.txt').read().split())"
        assert grace.run_cell(code) == "4 ['a', 'b']\n"
        with grace.kernel("bash") as kernel:
            assert kernel.execute("echo $((6*7))").strip() == "42"
        grace.stop_server()


def test_a_wrong_line_of_a_folder_is_named_and_nothing_changes(installed_machine: Machine) -> None:
    machine = installed_machine
    images = machine.run("docker image ls --quiet --no-trunc").out
    machine.write(f"{FOLDER}/requirements.txt", f"{LIST}-e .\n")
    refused = machine.run(["hubinstall", "apply"], check=False, timeout=120)
    assert (refused.code, f"{FOLDER}/requirements.txt:2:1: '-e .' would be" in refused.err) == (78, True)
    machine.write(f"{FOLDER}/requirements.txt", LIST)
    machine.write(f"{FOLDER}/postBuild", POST_BUILD + "ls /nosuch-either\n")
    failed = machine.run(["hubinstall", "apply"], check=False, timeout=300)
    assert (failed.code, "postBuild:5: ls /nosuch-either: exit code 2" in failed.err) == (1, True)
    machine.write(f"{FOLDER}/postBuild", POST_BUILD)
    assert installed.plan(machine) == []
    assert machine.run("docker image ls --quiet --no-trunc").out == images
