"""Drop-ins: those of the page work, and what has no effect is said with file and line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import installed
from harness.commands import Result
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

PAGE = Path(__file__).parents[2] / "docs/how-to/drop-ins.md"
FOLDER = "/etc/hubinstall/jupyterhub_config.d"
SIGN_ON, SPAWNER = "95-workshop.py", "15-spawner.py"
SERVER = """
import json, os, subprocess
script = "touch /scratch/mine && touch /exchange/ours && cat /datasets/numbers && df --output=size /fast | tail -1"
done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
print(json.dumps([done.stdout + done.stderr, os.path.exists("/tmp/started"), os.getcwd(), dict(os.environ)]))
"""
CAPS = "{{.HostConfig.Memory}} {{.HostConfig.CapAdd}}"
HAS_NO_EFFECT = """
c.DockerSpawner.imge = "site/r:1"
c.DockerSpawer.image = "site/r:1"
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.db_url = "sqlite:///elsewhere.sqlite"
c.DockerSpawner.remove = False
c.Authenticator.admin_users = {"grace"}
c.KubeSpawner.namespace = "jupyter"
c.Spawner.environment = {"NB_UID": "0", "HOME": "/tmp"}
"""


def on_the_page() -> dict[str, str]:
    """File name → text of each drop-in of the page."""
    return {
        text.partition("\n")[0].removeprefix(f"# {FOLDER}/"): text
        for text in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    }


def allowed() -> list[str]:
    """The commands of the page that let its files ask for more than every server has."""
    return re.findall(r"^hubinstall config add-item spawner\.allow\.docker .*$", PAGE.read_text(), re.MULTILINE)


def use(machine: Machine, files: dict[str, str], *, check: bool = True) -> Result:
    machine.run(f"rm -f {FOLDER}/*.py")
    for name, text in files.items():
        machine.write(f"{FOLDER}/{name}", text)
    return machine.run("hubinstall apply", check=check)


def notes(applied: Result) -> list[str]:
    found = re.findall(rf"^note: {FOLDER}/(.*)\n  (.*)$", applied.err, re.MULTILINE)
    return [f"{message}; {hint}" for message, hint in found]


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    image = "$(grep -o 'hubinstall/default:[0-9a-f]*' /opt/hubinstall/etc/hub.json | head -n 1)"
    installed_machine.run(f"docker tag {image} site/python:1 && docker tag {image} site/r:1")
    installed_machine.run("mkdir /srv/datasets && echo 42 >/srv/datasets/numbers")
    return installed_machine


@pytest.fixture
def grace(machine: Machine) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        yield client


def test_the_files_of_the_page_do_what_it_says(machine: Machine, grace: HubClient) -> None:
    files = {name: text for name, text in on_the_page().items() if name != SIGN_ON}
    assert len(files) == 11
    assert len(allowed()) == 7
    refused = use(machine, files, check=False)
    assert refused.code == 1
    assert "hubinstall config add-item spawner.allow.docker" in refused.err, "it says what to write"
    machine.run("; ".join(allowed()))
    assert notes(use(machine, files)) == []
    grace.login(installed.PERSON, installed.PERSON_PASSWORD)
    grace.start_server(options={"image": "R"})
    output, started, folder, environment = json_of(grace.run_cell(SERVER))
    assert output.split() == ["42", "65536"]
    assert started
    assert folder == "/home/grace"
    expected = {
        "OMP_NUM_THREADS": "4", "NB_UMASK": "0077", "SITE": "physics", "COURSE": "stats-101", "GROUPS": "students",
        "HOME": "/home/grace", "MEM_LIMIT": str(1 << 30), "JUPYTERHUB_ROOT_DIR": "/", "JUPYTER_IMAGE_SPEC": "site/r:1",
        "JUPYTERHUB_DEFAULT_URL": "/lab/tree/home/grace",
    }  # fmt: skip
    assert {name: environment[name] for name in expected} == expected
    described = machine.run(["docker", "inspect", "--format", CAPS, installed.container("grace")]).out
    assert described.split() == [str(1 << 30), "[SYS_PTRACE]"]
    with installed.client(machine) as teacher:
        teacher.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        assert teacher.api("GET", "groups/students")["users"] == ["grace"]
        assert teacher.api("GET", "groups/teachers")["roles"] == ["teacher"]
        assert teacher.api("GET", "services")["cull"]["roles"] == ["cull"]
    programs = machine.run("ps -eo args").out
    assert "jupyterhub_idle_culler" in programs
    assert "hubinstall.hubside.culler" not in programs, "the drop-in's goes on instead of ours"
    assert "the service cull of a drop-in" in machine.run("hubinstall status", check=False).out
    grace.stop_server()
    # A volume keeps what was written, and its owner.
    volume = "docker volume inspect --format '{{.Mountpoint}}' scratch-grace"
    assert machine.run(f"stat -c '%U %U' $({volume}) $({volume})/mine").out.split() == ["grace"] * 4


def json_of(printed: str) -> list[Any]:
    found: list[Any] = json.loads(printed.strip().splitlines()[-1])
    return found


def test_another_sign_on_is_not_taken_for_a_failure(machine: Machine, grace: HubClient) -> None:
    applied = use(machine, {SIGN_ON: on_the_page()[SIGN_ON]})
    assert "SharedPasswordAuthenticator is a drop-in's" in applied.err
    assert "verify: the hub can start a server and run a cell" in applied.err
    grace.login(installed.PERSON, "a-workshop-in-june")
    grace.start_server()
    grace.stop_server()
    machine.run("hubinstall config set limits.processes 900 --apply")
    assert machine.exists(f"{FOLDER}/{SIGN_ON}")
    assert "SharedPasswordAuthenticator" in machine.run("hubinstall status", check=False).out
    # The other sign-on knows no accounts of this machine; a server is still only for those of people.
    with installed.client(machine) as system:
        system.login("www-data", "a-workshop-in-june")
        with pytest.raises(Exception, match="www-data is a system account"):
            system.start_server()


def test_what_has_no_effect_is_said_with_file_and_line(machine: Machine, grace: HubClient) -> None:
    said = notes(use(machine, {"50-mine.py": HAS_NO_EFFECT}))
    for line, words in enumerate(
        (
            "DockerSpawner has no setting imge; Did you mean image?",
            "there is no class DockerSpawer; Did you mean DockerSpawner?",
            "c.JupyterHub.bind_url cannot be changed here, and was ignored; Set http.address",
            "c.JupyterHub.db_url cannot be changed here, and was ignored; ",
            "c.DockerSpawner.remove cannot be changed here, and was ignored; ",
            "c.Authenticator.admin_users has no effect; Set users.admin in config.yaml",
            "there is no class KubeSpawner; ",
            "c.Spawner.environment: NB_UID has no effect; ",
        ),
        start=2,
    ):
        assert any(note.startswith(f"50-mine.py, line {line}: {words}") for note in said), (words, said)
    assert len(said) == 8
    status = " ".join(machine.run("hubinstall status", check=False).out.split())  # its lines fit a terminal
    assert "50-mine.py, line 2: DockerSpawner has no setting imge" in status
    grace.login(installed.PERSON, installed.PERSON_PASSWORD)
    grace.start_server()
    assert json_of(grace.run_cell(SERVER))[3]["HOME"] == "/tmp"
    grace.stop_server()
    assert not machine.run("docker ps -aq --filter name=jupyter-grace").out


def test_a_spawner_that_protects_nobody_is_refused_unless_config_yaml_says_so(machine: Machine) -> None:
    foreign = {"50-mine.py": "\nc.JupyterHub.spawner_class = 'docker-system-user'\n"}
    refused = use(machine, foreign, check=False)
    assert refused.code == 1
    assert f"{FOLDER}/50-mine.py, line 2: SystemUserSpawner starts servers without what protects" in refused.err
    assert "set spawner.allow.other_classes: true in config.yaml" in refused.err
    installed.wait_for_login_page(machine)
    machine.run("hubinstall config set spawner.allow.other_classes true")
    allowed = use(machine, foreign, check=False)
    # It takes more to make that spawner work, and then all is put back; but the hub has started with it.
    assert "SystemUserSpawner starts servers" not in allowed.err
    assert "verify: server" in allowed.err
