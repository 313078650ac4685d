"""The tutorial and the how-tos are true: each console block is typed on a machine, and prints what the page shows."""

import pytest

from harness import installed, pages
from harness.machine import Machine
from harness.nspawn import ProcessManager

pytestmark = pytest.mark.one_kind

CONFIG = "/etc/hubinstall"
KEPT = "/root/config-before-the-page"
TUTORIAL = "tutorial/before-monday.md"


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    """As its administrator has it: curl accepts its certificate, and fails where the hub refuses."""
    installed_machine.write("/root/.curlrc", "insecure\nfail\n")
    installed_machine.run(f"cp -a {CONFIG} {KEPT}")
    return installed_machine


@pytest.fixture(scope="module")
def variables(machine: Machine) -> dict[str, str]:
    """What pages ask to set: the address of the hub, and an administrator's token. The hub knows grace, too."""
    with installed.client(machine) as ada, installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        token = ada.api("POST", f"users/{installed.ADMIN}/tokens", body={"note": "pages"})["token"]
    return {"HUB": installed.url(machine).rstrip("/"), "TOKEN": token}


@pytest.fixture
def _as_before(machine: Machine) -> None:
    """What a page before has set is undone."""
    if machine.run(f"diff -r {KEPT} {CONFIG}", check=False).code:
        machine.run(f"rm -rf {CONFIG} && cp -a {KEPT} {CONFIG} && hubinstall apply --yes")


@pytest.mark.usefixtures("_as_before")
@pytest.mark.drawn("page", pages.pages(), sample=6)
def test_what_a_page_says_to_type(machine: Machine, variables: dict[str, str], page: str) -> None:
    printed, after = "", []
    for block in pages.blocks(page):
        if block.mark("systemd only") and machine.process_manager is not ProcessManager.SYSTEMD:
            pages.leave(block)
            printed = ""
            continue
        if block.elsewhere:
            printed = ""
            continue
        before = f"set -e\n{{ true\n{block.mark('before')}\n}} >/dev/null"
        after += [block.mark("after")]
        if block.path:
            machine.run(before)
            machine.write(block.path, block.text)
        elif block.console:
            ended = machine.run(f"{before}\n{block.text}", check=False, env=variables)
            printed = (ended.out + ended.err).replace(machine.address, "203.0.113.7")
            assert ended.code == int(block.mark("exit code") or 0), f"{block.place}:\n{printed}"
            pages.note(block)
        elif block.language == "text":
            missing = pages.unprinted(block.text, printed)
            assert not missing, f"{block.place}: {missing!r} is not in\n{printed}"
    if page == TUTORIAL:
        somebody_of_the_class_works(machine)
    for command in filter(None, after):
        machine.run(f"set -e\n{command}")


def somebody_of_the_class_works(machine: Machine) -> None:
    """At the name that the tutorial sets, with a password of its list, and with the course's data in the home."""
    with installed.client(machine, name="hub.example.org") as emmy:
        emmy.login("emmy", "noether-1918")
        emmy.start_server()
        assert emmy.run_cell("exec(open('course/first.py').read())") == "42\n"
        emmy.stop_server()


def test_man_and_shells_find_what_was_installed(machine: Machine) -> None:
    machine.run("apt-get update -q && apt-get install -qy --no-install-recommends man-db bash-completion")
    assert machine.run("man --where hubinstall").out.strip().endswith("/man8/hubinstall.8")
    assert "exit with 3" in machine.run("man hubinstall | cat").out
    loaded = "source /usr/share/bash-completion/bash_completion; _completion_loader hubinstall; complete -p hubinstall"
    function = machine.run(loaded).out.split()[-2]
    words = "COMP_WORDS=(hubinstall sta); COMP_CWORD=1"
    assert machine.run(f'{loaded}; {words}; {function}; echo "${{COMPREPLY[@]}}"').out.split()[-2:] == [
        "status",
        "start",
    ]
