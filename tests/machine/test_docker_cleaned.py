"""Somebody cleans up Docker, or handles containers by hand: the hub repairs it, and people stay isolated."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import installed, unseen
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

GATEWAY, HUB_PORT, SERVER_PORT = "10.99.0.1", 8081, 8888
OPTIONS = "docker network inspect --format '{{json .Options}}' hubinstall"
OURS = {"com.docker.network.bridge.name": "hubinstall0", "com.docker.network.bridge.enable_icc": "false"}
# Right in name, subnet and bridge, but its containers reach each other.
OPEN = f"""docker network create --subnet 10.99.0.0/16 --gateway {GATEWAY} \
    --opt com.docker.network.bridge.name=hubinstall0 hubinstall"""
STOPPED_HUB = "hubinstall stop jupyterhub"
REACHES = """
import socket
def reaches(host, port):
    try:
        socket.create_connection((host, port), 3).close()
    except OSError:
        return False
    return True
print([reaches(*target) for target in {targets}])
"""


def person(machine: Machine, name: str, password: str) -> HubClient:
    client = installed.client(machine)
    client.login(name, password)
    return client


@pytest.fixture
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    with person(installed_machine, installed.PERSON, installed.PERSON_PASSWORD) as client:
        yield client
        client.stop_server()


@pytest.fixture
def ada(installed_machine: Machine) -> Iterator[HubClient]:
    with person(installed_machine, installed.ADMIN, installed.ADMIN_PASSWORD) as client:
        yield client
        client.stop_server()


def is_ours(machine: Machine) -> bool:
    found = machine.run(OPTIONS, check=False)
    return found.code == 0 and json.loads(found.out) == OURS


def becomes_ours(machine: Machine) -> bool:
    """Docker gives the bridge its address, and so the hub answers, a moment before it lists the network."""
    return soon(lambda: is_ours(machine))


def rows(machine: Machine) -> dict[str, str]:
    """What `status` says of the parts that depend on Docker."""
    found = json.loads(machine.run("hubinstall status --json", check=False).out)["checks"]
    return {c["name"]: f"{c['state']}: {c['message']} {c['hint']}" for c in found}


def address(machine: Machine, name: str) -> str:
    inspect = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return machine.run(["docker", "inspect", "--format", inspect, installed.container(name)]).out.strip()


def test_a_network_that_was_removed_returns_and_two_who_start_at_once_are_isolated(
    installed_machine: Machine, grace: HubClient, ada: HubClient
) -> None:
    machine = installed_machine
    assert "hubinstall" in machine.run("docker network prune --force").out
    installed.wait_for_login_page(machine)
    assert becomes_ours(machine)
    with ThreadPoolExecutor(2) as both:
        list(both.map(HubClient.start_server, (grace, ada)))
    targets = [(GATEWAY, HUB_PORT), (GATEWAY, 443), (address(machine, "ada"), SERVER_PORT)]
    assert grace.run_cell(REACHES.format(targets=targets)) == "[True, False, False]\n"


def test_the_hub_starts_where_its_network_is_missing(installed_machine: Machine) -> None:
    installed_machine.run(f"{STOPPED_HUB}; docker network rm hubinstall; hubinstall start jupyterhub")
    installed.wait_for_login_page(installed_machine)
    assert becomes_ours(installed_machine)


def test_another_network_of_the_name_is_refused_while_something_runs_on_it_and_then_replaced(
    installed_machine: Machine, grace: HubClient
) -> None:
    machine = installed_machine
    image = machine.run("docker images --quiet hubinstall/default | head -1").out.strip()
    machine.run(STOPPED_HUB)
    machine.run(f"docker network rm hubinstall; {OPEN}")
    machine.run(f"docker run --detach --name somebodys --network hubinstall --entrypoint sleep {image} 100000")
    machine.run("hubinstall start jupyterhub")
    installed.wait_for_login_page(machine)
    with pytest.raises(HubError) as error:
        grace.start_server()
    assert "The Docker network hubinstall differs from its configuration (icc), and containers run on it" in str(
        error.value
    )
    found = rows(machine)
    assert (
        "failed: its rules are not in effect: the Docker network hubinstall differs (icc is true" in found["firewall"]
    )
    assert found["network"].endswith("Run: hubinstall apply")
    machine.run("docker rm --force somebodys")
    time.sleep(5)  # as long as a failed repair is not tried again
    grace.start_server()
    assert is_ours(machine)
    assert {rows(machine)[name].partition(":")[0] for name in ("firewall", "network", "image")} == {"ok"}


def test_an_image_that_lost_its_name_gets_it_back(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    name = machine.run("grep -o 'hubinstall/default:[0-9a-f]*' /opt/hubinstall/etc/hub.json | head -1").out.strip()
    machine.run(f"docker tag {name} kept:1; docker rmi {name}")
    assert "failed: the image of user servers" in rows(machine)["image"]
    grace.start_server()
    machine.run("docker rmi kept:1")
    assert rows(machine)["image"].startswith("ok")


def test_after_a_system_prune_a_start_has_all_that_it_needs(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("docker system prune --all --force --volumes")
    assert machine.run("docker images --quiet").out == ""
    installed.wait_for_login_page(machine)
    with machine.offline():
        grace.start_server()
    assert grace.run_cell("print(6 * 7)") == "42\n"
    assert is_ours(machine)
    assert installed.plan(machine) == []


def test_a_server_whose_container_was_renamed_and_paused_goes_on(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    grace.start_server()
    with grace.kernel() as kernel:
        kernel.execute("kept = 6 * 7")
        machine.run(f"docker rename {installed.container('grace')} elsewhere; docker pause elsewhere")
        grace.request("GET", "hub/home", step="home")  # the hub then looks after the server at once
        assert kernel.execute("print(kept)") == "42\n"
    grace.stop_server()
    assert machine.run("docker ps --all --quiet --filter label=hubinstall.user=grace").out == ""


def test_a_server_whose_end_docker_missed_has_ended_for_the_hub(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    grace.start_server()
    machine.run(unseen.end(installed.container("grace")))
    print(f"Docker says of it: {machine.run(['docker', 'ps', '--format', '{{.Status}}']).out.strip() or 'nothing'}")
    assert soon(lambda: grace.server() is None)
    grace.start_server()
    assert grace.run_cell("print(6 * 7)") == "42\n"


def test_nobody_fails_by_the_position_in_the_queue(
    installed_machine: Machine, grace: HubClient, ada: HubClient
) -> None:
    """One place, which ada's start holds for longer than grace's may take: grace's clock begins when ada's is over."""
    machine = installed_machine
    dropin = "/etc/hubinstall/jupyterhub_config.d/slow.py"
    machine.write(
        dropin,
        "from hubinstall.hubside.spawner import HomeSpawner, StartQueue\n"
        "HomeSpawner._queues = dict.fromkeys(('people', 'administrators'), StartQueue(1, longest=120))\n"
        "def slow(spawner):\n"
        "    if spawner.user.name == 'ada':\n"
        '        work = \'timeout 45 sh -c "while :; do :; done"; exec start-notebook.py "$@"\'\n'
        "        spawner.cmd = ['sh', '-c', work, 'sh']\n"
        "    else:\n"
        "        spawner.start_timeout = 42\n"
        "c.Spawner.pre_spawn_hook = slow\n",
    )
    machine.run("hubinstall restart jupyterhub")
    installed.wait_for_login_page(machine)
    first = threading.Thread(target=ada.start_server)
    first.start()
    try:
        machine.run("until docker ps --quiet --filter name=jupyter-ada | grep -q .; do sleep 0.2; done", timeout=60)
        begun = time.monotonic()
        grace.start_server()
        assert time.monotonic() - begun > 42, "grace did not wait for ada's place"
    finally:
        first.join()
        machine.run(["rm", dropin])
        machine.run("hubinstall restart jupyterhub")
        installed.wait_for_login_page(machine)


MOVED = """set -e
mkdir -p /srv/elsewhere
python3 -c 'import json
path = "/etc/docker/daemon.json"
keys = json.load(open(path)) | {"data-root": "/srv/elsewhere"}
json.dump(keys, open(path, "w"))'
hubinstall restart docker >/dev/null
docker info --format '{{.DockerRootDir}}'"""


def test_a_server_that_docker_lost_with_its_data_directory_is_named_and_ended(
    installed_machine: Machine, grace: HubClient, ada: HubClient
) -> None:
    """The last test here: Docker's data stays elsewhere."""
    machine = installed_machine
    grace.start_server()
    first = machine.run("pgrep --exact tini").out.split()
    assert machine.run(MOVED).out == "/srv/elsewhere\n"
    found = rows(machine)["old servers"]
    assert "grace" in found
    assert found.endswith("Run: hubinstall apply")
    for client in (ada, grace):  # each heals what it needs, beside the old one and with other addresses
        client.stop_server()
        client.start_server()
        assert client.run_cell("print(6 * 7)") == "42\n"
    assert first[0] in machine.run("pgrep --exact tini").out.split()
    machine.run("hubinstall apply", timeout=600)
    assert first[0] not in machine.run("pgrep --exact tini").out.split()
    assert "old servers" not in rows(machine)
    assert grace.run_cell("print(6 * 7)") == ada.run_cell("print(6 * 7)") == "42\n"
    assert installed.plan(machine) == []
