"""Each reason not to work here is found before anything is changed, with a way out."""

import json
import os
import subprocess
import sys

import pytest

from checkout_path import CHECKOUT
from fakes.facts import fake_facts
from fakes.fit_machine import MOUNTS, TCP, engine, fit, listening, socket
from fakes.host import PASSWD
from fakes.kernel_tables import ROUTES
from hubinstall import layout
from hubinstall.machine import listening_ports
from hubinstall.preflight import checks
from hubinstall.preflight import disk as preflight_disk
from hubinstall.settings.model import Settings


@pytest.fixture
def host(tmp_path, monkeypatch):
    return fit(tmp_path, monkeypatch)


def check(host, **settings):
    host.forget()
    found = checks.check(host, Settings.model_validate(settings), fake_facts())
    assert all(problem.at or problem.hint.endswith(".") for problem in found)
    return found


def only(host, **settings):
    (problem,) = check(host, **settings)
    return problem


def test_a_fresh_machine_is_fine(host):
    assert check(host) == []


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ('ID=fedora\nPRETTY_NAME="Fedora Linux 42"\nVERSION_ID=42\n', "Fedora Linux 42 is neither Debian nor Ubuntu"),
        ('ID=debian\nPRETTY_NAME="Debian 11"\nVERSION_ID="11"\n', "Debian 11 is too old"),
        ('ID=ubuntu\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_ID="22.04"\n', "Ubuntu 22.04.5 LTS is too old"),
        ("", "this system is neither"),
    ],
)
def test_another_system(host, system, words):
    host.put("/etc/os-release", system)
    assert words in only(host).message


def test_a_release_in_the_making_is_tried(host):
    host.put("/etc/os-release", "ID=debian\nVERSION_CODENAME=forky\n")
    assert check(host) == []


def test_a_32_bit_system(host, monkeypatch):
    monkeypatch.setattr(checks.sys, "maxsize", (1 << 31) - 1)
    assert "32-bit" in only(host).message
    monkeypatch.setattr(checks, "architecture", lambda: "riscv64")
    assert "riscv64" in only(host).message


def test_little_memory(host):
    host.put("/proc/meminfo", "MemTotal:        500000 kB\n")
    assert "512 MB of memory" in only(host).message


def test_little_room_and_less_is_needed_later(host, monkeypatch):
    monkeypatch.setattr(preflight_disk, "free_space", lambda _host, _folder: 4 * 10**9)
    assert "4.0 GB of free space" in only(host).message
    host.put(layout.LEDGER, "{}")
    assert check(host) == []


def test_not_root(host, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in only(host).message


def test_tljh_is_refused_with_the_way_to_move_over(host):
    host.path("/opt/tljh").mkdir(parents=True)
    host.put("/etc/systemd/system/jupyterhub.service", "[Service]")
    problem = only(host)
    assert "Littlest" in problem.message
    assert "traefik" in problem.hint


def test_another_hub_is_refused_and_ours_is_not(host):
    path = f"{layout.SYSTEMD_UNITS}/jupyterhub.service"
    host.put(path, "[Service]")
    assert "another JupyterHub" in only(host).message
    host.put(layout.LEDGER, json.dumps({"resources": {f"unit:{path}": {}}}))
    host.path("/run/systemd/system").mkdir(parents=True)
    assert check(host) == []


@pytest.mark.parametrize(
    ("table", "address"), [("tcp", "00000000"), ("tcp", "0100007F"), ("tcp6", "00000000000000000000000001000000")]
)
def test_a_port_that_another_program_holds(host, table, address):
    listening(host, "apache2", 4711, 99, address=address, table=table)
    assert "port 443 is used by apache2 (pid 4711)" in only(host).message


@pytest.mark.parametrize("title", ["nginx: master process nginx", "nginx: worker process", "nginx\0-g\0daemon on;"])
def test_an_nginx_may_hold_the_ports(host, title):
    listening(host, "nginx", 4711, 99)
    host.put("/proc/4711/cmdline", title)
    host.path("/proc/4711/exe").symlink_to("/usr/sbin/nginx (deleted)")
    assert check(host) == []


@pytest.mark.parametrize(
    ("exe", "title", "space"),
    [
        ("/opt/nginx/sbin/nginx", "nginx: master process nginx", "pid:[1]"),
        ("/usr/sbin/nginx", "nginx: master process nginx -c /etc/other.conf", "pid:[1]"),
        ("/usr/sbin/nginx", "nginx: worker process", "pid:[1]"),
        ("/usr/sbin/nginx", "nginx: master process nginx", "pid:[2]"),
    ],
    ids=["another program", "own configuration", "its worker", "in a container"],
)
def test_an_nginx_that_would_not_serve_our_site(host, exe, title, space):
    listening(host, "nginx", 4711, 99)
    host.put("/proc/4711/cmdline", title)
    host.put("/proc/4711/status", "Name:\tnginx\nPPid:\t4710\n")
    if "worker" in title:
        host.put("/proc/4710/cmdline", "nginx: master process nginx -p /srv/own")
    host.path("/proc/4711/exe").symlink_to(exe)
    for pid, target in (("4711", space), ("self", "pid:[1]")):
        host.path(f"/proc/{pid}/ns").mkdir()
        host.path(f"/proc/{pid}/ns/pid").symlink_to(target)
    problem = only(host)
    assert "port 443 is used by nginx (pid 4711)" in problem.message
    assert "/etc/nginx" in problem.hint


def test_a_program_that_cannot_be_seen(host):
    host.put("/proc/net/tcp", TCP + socket("00000000", 80, 5))
    assert "cannot be seen" in only(host).message


def test_the_hubs_port(host):
    listening(host, "python3", 12, 5, port=8081)
    assert "8081" in only(host).message
    host.put("/proc/net/tcp", TCP + socket("0100630A", 8081, 5))
    assert "port 8081 on 10.99.0.1 is used by python3 (pid 12)" in only(host).message
    host.put("/proc/12/environ", f"HOME=/\0{layout.SERVICE_NAME}={layout.HUB_SERVICE}\0")
    assert check(host) == []
    assert listening_ports.decoded("0100630A") == "10.99.0.1"


def test_a_socket_that_was_closed_since_it_was_asked_for_is_nobodys_port(host):
    for there_now in ([], [("nginx", 40)]):
        host.forget()
        host.put("/proc/net/tcp", TCP + socket("00000000", 443, 11))
        assert [port for _, port in listening_ports.listening(host).values()] == [443]
        host.put("/proc/net/tcp", TCP)
        for name, pid in there_now:
            listening(host, name, pid, 12)
        assert [(found.program, found.pid) for found in listening_ports.listeners(host, {443})] == there_now


@pytest.mark.parametrize("subnet", ["192.168.0.0/16", "10.88.64.0/20", "172.17.0.0/24", "10.99.0.0/16"])
def test_a_subnet_in_use(host, subnet):
    host.put("/proc/net/route", ROUTES)
    found = check(host, network={"subnet": subnet})
    assert found
    assert {problem.code for problem in found} == {78}
    assert {problem.at for problem in found} == {("network", "subnet")}


def test_our_own_bridge_is_no_overlap(host):
    assert "hubinstall0" in ROUTES
    assert check(host, network={"subnet": "10.99.0.0/16"}) == []


def test_system_accounts_are_no_people(host):
    host.put("/etc/passwd", PASSWD + "postgres:x:110:110::/var/lib/postgresql:/bin/bash\n")
    problem = only(host, users={"admin": ["alice", "new", "postgres"]})
    assert problem.code == 78
    assert (problem.at, problem.message[:8]) == (("users", "admin", 2), "postgres")


def test_systemd_where_it_does_not_run(host):
    assert only(host, process_manager="systemd").code == 78
    host.path("/run/systemd/system").mkdir(parents=True)
    assert check(host, process_manager="systemd") == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "rootless"),
        ({"Swarm": {"LocalNodeState": "active"}}, "swarm"),
        ({"ServerVersion": "19.03.15"}, "19.03.15 is too old"),
    ],
)
def test_engines_that_cannot_be_used(host, found, words):
    engine(host)
    assert check(host) == []
    engine(host, **found)
    assert words in only(host).message


def test_snap_and_podman(host):
    host.put("/snap/bin/docker", "")
    assert "snap" in only(host).message
    host.path("/snap/bin/docker").unlink()
    host.put("/usr/bin/docker", '#!/bin/sh\nexec /usr/bin/podman "$@"\n')
    assert "podman" in only(host).message


def test_a_broken_daemon_json(host):
    host.put(layout.DAEMON_JSON, "{")
    assert "daemon.json:1:2" in only(host).message


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("/proc/self/status", "CapEff:\t00000000a80425fb\n", "CAP_NET_ADMIN, CAP_SYS_ADMIN"),
        (
            "/proc/self/mountinfo",
            MOUNTS + "30 20 0:27 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            "read-only",
        ),
        ("/proc/self/mountinfo", MOUNTS + "30 20 0:27 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "read-only"),
        ("/proc/self/mountinfo", "20 1 0:9 / / rw - overlay overlay rw\n", "overlayfs"),
    ],
)
def test_containers_that_docker_cannot_run_in(host, path, text, words):
    host.put(path, text)
    assert words in only(host).message
    engine(host)  # it runs, so it can
    assert check(host) == []


def test_a_disk_below_dockers_data_is_enough(host):
    disk = "21 20 259:1 / /var/lib/docker rw - ext4 /dev/vdb rw\n"
    host.put("/proc/self/mountinfo", "20 1 0:9 / / rw - overlay overlay rw\n" + disk)
    assert check(host) == []


def test_all_problems_at_once(host):
    host.put("/proc/meminfo", "MemTotal:        500000 kB\n")
    host.path("/opt/tljh").mkdir(parents=True)
    listening(host, "apache2", 4711, 99)
    assert len(check(host, process_manager="systemd")) == 4


def test_bootstrap_can_ask_with_the_standard_library_only():
    imports = "from hubinstall.preflight import checks; checks.check_machine"
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT / 'src')!r}); {imports}"
    subprocess.run([sys.executable, "-S", "-I", "-c", code], check=True)
