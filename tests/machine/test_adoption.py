"""Machines that are not empty: each ends as docs/explanation/decisions.md says, and nothing of the admin's is lost."""

import re
from collections.abc import Callable

import pytest

from harness import addresses, installed, store
from harness.machine import Machine
from harness.manifest import diff, manifest
from harness.nspawn import ProcessManager
from harness.waiting import soon

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

Boot = Callable[[Machine], Machine]
SYSTEMD = ProcessManager.SYSTEMD
DOCKERD = """dockerd >/var/log/dockerd.log 2>&1 &
for i in $(seq 600); do docker info >/dev/null && exit; sleep 0.5; done; exit 1"""
# One program and the libraries that it names: an image without a registry.
IMAGE = "tar -C / -ch usr/bin/sleep $(ldd /usr/bin/sleep | grep -o '/lib[^ ]*') | docker import - theirs:1"
DAEMON_JSON = '{\n  "log-level": "warn",\n  "max-concurrent-downloads": 2\n}\n'
OWN_SITE = """server { listen 127.0.0.1:8080; return 200 'the admin'; }
server { listen 443 ssl default_server; server_name own.example.org; return 200 'the admin over https';
    ssl_certificate /etc/ssl/own.crt; ssl_certificate_key /etc/ssl/own.key; }
"""
CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout /etc/ssl/own.key -out /etc/ssl/own.crt"
    " -subj /CN=own.example.org -days 30"
)
OVER_HTTPS = "curl -sk --resolve own.example.org:443:127.0.0.1 https://own.example.org/"


def test_docker_nginx_and_folders_of_the_admin_are_adopted(boot: Boot, process_manager: ProcessManager) -> None:
    machine = boot(Machine(process_manager))
    theirs = furnish(machine)
    before = theirs_now(machine, theirs)
    done = installed.install(machine)
    said = done.out + done.err
    assert installed.told(machine) in said
    assert ("default_server on port 443 and stays so" in said) == (443 in addresses.here().ports)
    assert '"max-concurrent-downloads": 2' in machine.read("/etc/docker/daemon.json")
    assert theirs_now(machine, theirs) == before
    assert installed.plan(machine) == []
    machine.run(["hubinstall", "uninstall", "--yes"])
    assert theirs_now(machine, theirs) == before
    assert machine.read("/etc/docker/daemon.json") == DAEMON_JSON
    assert machine.read("/srv/data/course/old.txt") == "old\n"
    assert machine.read("/etc/nginx/sites-enabled/admin.conf") == OWN_SITE
    # Our site is no longer loaded, and the distribution's default site is there again: nginx replaces its workers by
    # itself, and an old one may answer once more.
    hubs = f"curl -sk https://{machine.address}/hub/login"
    assert soon(lambda: machine.run(hubs, check=False).out == "the admin over https")
    assert soon(lambda: "Welcome to nginx" in machine.run("curl -s http://127.0.0.1/", check=False).out)


def furnish(machine: Machine) -> str:
    """A machine on which an administrator has worked; the number of a container that runs there."""
    machine.run(
        f"apt-get update -q && apt-get install -qy --no-install-recommends {store.DOCKER} nginx-light openssl",
        timeout=900,
    )
    machine.run(CERTIFICATE)
    machine.write("/etc/docker/daemon.json", DAEMON_JSON)
    machine.write("/etc/nginx/sites-enabled/admin.conf", OWN_SITE)
    machine.write("/srv/data/course/old.txt", "old\n")
    if machine.process_manager is SYSTEMD:
        machine.run("systemctl restart docker nginx")
    else:
        machine.run(DOCKERD)
        machine.run("nginx")
    machine.run(IMAGE)
    return machine.run("docker run -d --network none theirs:1 sleep 100000").out.strip()


def theirs_now(machine: Machine, container: str) -> dict[str, str]:
    """What must go on as it was: their programs by their numbers, their container, their sites."""
    return {
        "dockerd": machine.run("cat /run/docker.pid").out,
        "nginx": machine.run("cat /run/nginx.pid").out,
        "container": machine.run(["docker", "inspect", "--format", "{{.State.Pid}}", container]).out,
        "site": machine.run("curl -s http://127.0.0.1:8080/").out,
        "default site": machine.run(OVER_HTTPS).out,
    }


@pytest.fixture(scope="module")
def refusing(boot: Boot, process_manager: ProcessManager) -> Machine:
    return boot(Machine(process_manager))


def refused(machine: Machine, *words: str) -> None:
    """The README's command refuses, says why, and changes nothing."""
    installed.bring(machine)
    before = manifest(machine)
    done = machine.run(installed.readmes_command(), check=False)
    assert done.code == 1
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err
    assert not diff(before, manifest(machine))


def test_a_port_that_another_program_holds(refusing: Machine) -> None:
    port = addresses.here().ports[-1]
    with refusing.background(f"exec python3 -m http.server {port}") as server:
        refusing.run(
            f"for i in $(seq 600); do curl -s -o /dev/null http://127.0.0.1:{port} && exit; sleep 0.1; done; exit 1"
        )
        pid = re.search(r"pid=(\d+)", refusing.run(f"ss -ltnpH 'sport = :{port}'").out)
        assert pid
        if addresses.here().beforehand:
            # Another port is named by config.yaml, which can be read when the command is there: it is made first.
            installed.bring(refusing)
            refusing.run(installed.readmes_command(), check=False)
        refused(refusing, f"port {port} is used by python3 (pid {pid[1]})")
        assert server.poll() is None


def test_without_root(refusing: Machine) -> None:
    refusing.push_checkout("/srv/hubinstall")
    before = manifest(refusing)
    nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups python3 /srv/hubinstall/installer/bootstrap.py"
    done = refusing.run(nobody, check=False)
    assert (done.code, done.out) == (1, "")
    assert "needs root" in done.err
    assert not diff(before, manifest(refusing))
    refusing.run("rm -r /srv/hubinstall")


@pytest.mark.parametrize(("flags", "words"), [("--admn ada", "unrecognized"), ("--admin ada:", "password of ada")])
def test_wrong_flags(refusing: Machine, flags: str, words: str) -> None:
    refusing.push_checkout()
    before = manifest(refusing)
    done = refusing.run(f"python3 hubinstall/installer/bootstrap.py {flags}", check=False)
    assert done.code == 2
    assert words in done.err
    assert not diff(before, manifest(refusing))


def test_a_disk_that_is_full(refusing: Machine) -> None:
    """A small disk of its own where the programs go."""
    refusing.run("mount -t tmpfs -o size=64m hubinstall-test /opt")
    refused(refusing, "/opt has 67 MB of free space", "1.0 GB is needed")
    refusing.run("umount /opt")


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
    refusing.run("cd /etc && cp --remove-destination /usr/lib/os-release . && sed -i -E 's/1[23]/11/' os-release")
    refused(refusing, "Debian GNU/Linux 11", "too old", "Debian 12 or later")
    refusing.run("ln -sf ../usr/lib/os-release /etc/os-release")
    assert refusing.read("/etc/os-release") == kept


def test_too_little_memory(boot: Boot, process_manager: ProcessManager) -> None:
    refused(boot(Machine(process_manager, memory=600 << 20)), "629 MB of memory is too little", "1 GB")
