"""Machines that are not empty: each ends as docs/explanation/decisions.md says, and nothing of the admin's is lost."""

from collections.abc import Callable

import pytest

from harness import installed
from harness.machine import Machine
from harness.manifest import diff, manifest
from harness.nspawn import ProcessManager

Boot = Callable[[Machine], Machine]
DOCKERD = """dockerd >/var/log/dockerd.log 2>&1 &
for i in $(seq 120); do docker info >/dev/null && exit; sleep 0.5; done; exit 1"""
OWN_SITE = "server { listen 127.0.0.1:8080; return 200 'the admin'; }\n"


def test_docker_nginx_and_folders_of_the_admin_are_adopted(boot: Boot, process_manager: ProcessManager) -> None:
    machine = boot(Machine(process_manager))
    machine.run("apt-get update -q && apt-get install -qy --no-install-recommends docker.io nginx-light", timeout=900)
    machine.write("/etc/docker/daemon.json", '{\n  "log-level": "warn"\n}\n')
    machine.write("/etc/nginx/sites-enabled/admin.conf", OWN_SITE)
    machine.write("/srv/data/course/old.txt", "old\n")
    machine.run("systemctl restart docker nginx" if process_manager is ProcessManager.SYSTEMD else DOCKERD)
    machine.run("tar -C / -c bin lib lib64 usr/bin/sleep usr/lib/x86_64-linux-gnu/libc.so.6 | docker import - theirs:1")
    theirs = machine.run("docker run -d --network none theirs:1 sleep 100000").out.strip()
    done = installed.install(machine)
    assert f"https://{machine.address}/" in done.out + done.err
    assert "log-level" in machine.read("/etc/docker/daemon.json")
    assert machine.run("curl -s http://127.0.0.1:8080/").out == "the admin"
    running = f"docker inspect --format '{{{{.State.Running}}}}' {theirs}"
    assert machine.run(running).out == "true\n", "somebody else's container was stopped"
    machine.run(["hubinstall", "uninstall", "--yes"])
    assert machine.read("/etc/docker/daemon.json") == '{\n  "log-level": "warn"\n}\n'
    assert machine.read("/srv/data/course/old.txt") == "old\n"
    assert machine.read("/etc/nginx/sites-enabled/admin.conf") == OWN_SITE
    if process_manager is ProcessManager.SYSTEMD:
        assert machine.run(running).out == "true\n"


@pytest.fixture(scope="module")
def refusing(boot: Boot, process_manager: ProcessManager) -> Machine:
    return boot(Machine(process_manager))


def refused(machine: Machine, *words: str) -> None:
    """The README's command refuses, says why, and changes nothing."""
    machine.push_checkout()
    before = manifest(machine)
    done = machine.run(installed.INSTALL, check=False)
    assert done.code == 1
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err
    assert not diff(before, manifest(machine))


def test_a_port_that_another_program_holds(refusing: Machine) -> None:
    with refusing.background("exec python3 -m http.server 443") as server:
        refusing.run(
            "for i in $(seq 50); do curl -s -o /dev/null http://127.0.0.1:443 && exit; sleep 0.1; done; exit 1"
        )
        refused(refusing, "443", "python3")
        assert server.poll() is None


def test_tljh_is_refused_with_the_way_over(refusing: Machine) -> None:
    refusing.run("mkdir -p /opt/tljh/hub")
    refused(refusing, "The Littlest JupyterHub", "/opt/tljh")
    refusing.run("rm -r /opt/tljh")


def test_another_jupyterhub_is_refused(refusing: Machine) -> None:
    refusing.write("/etc/systemd/system/jupyterhub.service", "[Service]\nExecStart=/bin/true\n")
    refused(refusing, "jupyterhub.service")
    refusing.run("rm /etc/systemd/system/jupyterhub.service")


def test_a_distribution_that_is_too_old_is_refused(refusing: Machine) -> None:
    kept = refusing.read("/etc/os-release")
    refusing.run(
        'cp --remove-destination /usr/lib/os-release /etc/os-release && sed -i \'s/"12"/"11"/\' /etc/os-release'
    )
    refused(refusing, "Debian 11")
    refusing.run("ln -sf ../usr/lib/os-release /etc/os-release")
    assert refusing.read("/etc/os-release") == kept
