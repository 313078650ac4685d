"""Facts: what the kernel's tables and the distribution's files say, on a host that is a folder."""

import dataclasses
import hashlib
import json

import pytest

from fakes.host import FakeHost
from fakes.kernel_tables import IF_INET6, OS_RELEASE, ROUTES, trie
from hubinstall import layout
from hubinstall.machine.facts import Facts, gather
from hubinstall.machine.network import addresses, resolvers, route_table, total_memory
from hubinstall.machine.releases import RELEASES, release


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.put("/etc/os-release", OS_RELEASE)
    host.put("/proc/meminfo", "MemTotal:        1000000 kB\nMemFree:          500000 kB\n")
    host.put("/proc/net/route", ROUTES)
    local = ("127.0.0.1", "10.88.70.2", "10.99.0.1", "172.17.0.1", "192.168.0.9", "203.0.113.5")
    host.put("/proc/net/fib_trie", trie(*local))
    host.put("/proc/net/if_inet6", IF_INET6)
    host.put("/proc/sys/kernel/hostname", "lab\n")
    host.put("/etc/resolv.conf", "nameserver 9.9.9.9\n")
    host.put("/etc/login.defs", "# UID_MIN 5\nUID_MIN\t\t\t 2000\nUID_MAX 50000\nUMASK 022\n")
    host.path("/usr/bin/python3").symlink_to("python3.11")
    return host


def engine_answers(host, **info):
    host.put(layout.DOCKER_SOCKET, "")
    found = {"ServerVersion": "20.10.24", "CgroupDriver": "systemd"} | info
    host.answers |= {"GET /info": json.dumps(found), "dockerd --version": "Docker version 20.10.24+dfsg1, build 1"}


def test_no_fact_is_assumed():
    defaults = {f.name: (f.default, f.default_factory) for f in dataclasses.fields(Facts)}
    assert {name for name, given in defaults.items() if given != (dataclasses.MISSING, dataclasses.MISSING)} == set()


def test_an_empty_machine(host):
    facts = gather(host)
    assert (facts.distribution, facts.version, facts.codename, facts.python) == ("debian", "12", "bookworm", "3.11")
    assert (facts.manager, facts.docker, facts.docker_adopted, facts.nginx) == ("supervisor", "", False, "1.22")
    assert (facts.uid_min, facts.hostname) == (2000, "lab")
    assert facts.routes == ("10.88.70.0/24", "192.168.0.0/24")


def test_the_address_that_leads_outside_comes_first_and_containers_do_not_count(host):
    assert addresses(host) == ("10.88.70.2", "192.168.0.9", "203.0.113.5", "2001:db8::7")


def test_an_address_on_lo_is_none_to_announce(host):
    shown = "1: lo    inet 127.0.0.1/8 scope host lo\n1: lo    inet {}/32 scope global lo\n"
    host.answers["ip -4 -oneline address show dev lo"] = shown.format("203.0.113.5")
    assert addresses(host) == ("10.88.70.2", "192.168.0.9", "2001:db8::7")


def test_every_route_is_known_with_its_device(host):
    assert {(str(r.network), r.device, r.connected) for r in route_table(host)} >= {
        ("0.0.0.0/0", "eth0", False),
        ("10.0.0.0/8", "tun0", False),
        ("10.99.0.0/16", "hubinstall0", True),
    }


def test_what_depends_on_docker_does_not_change_when_it_comes_and_goes(host):
    host.put("/run/systemd/system/x", "")
    host.put("/sys/fs/cgroup/cgroup.controllers", "cpu memory")
    before = gather(host)
    host.forget()
    engine_answers(host)
    host.put("/var/lib/dpkg/info/docker.io.list", "/usr/sbin\n/usr/sbin/dockerd\n")
    there = gather(host)
    del host.answers["GET /info"]
    host.forget()
    stopped = gather(host)
    assert before.cgroup_driver == there.cgroup_driver == stopped.cgroup_driver == "systemd"
    assert [f.docker_adopted for f in (before, there, stopped)] == [False] * 3
    assert (there.docker, stopped.docker) == ("20.10.24", "20.10.24+dfsg1")


def test_an_engine_that_the_distribution_did_not_bring_is_adopted(host):
    engine_answers(host)
    host.put("/var/lib/dpkg/info/docker.io.list", "/etc/default/docker\n")  # removed, not purged
    assert gather(host).docker_adopted


def test_a_driver_from_daemon_json_counts_while_the_engine_is_down(host):
    host.answers["dockerd --version"] = "Docker version 27.1.1, build 1"
    host.put(layout.DAEMON_JSON, '{"exec-opts": ["native.cgroupdriver=systemd"]}')
    assert gather(host).cgroup_driver == "systemd"
    host.put(layout.DAEMON_JSON, "{broken")
    assert gather(host).cgroup_driver == "cgroupfs"


def test_live_restore_on_the_command_line(host):
    engine_answers(host)
    host.put(layout.DOCKER_PID, "77")
    host.put("/proc/77/cmdline", "dockerd\0--live-restore\0")
    assert gather(host).docker_keeps_containers


@pytest.mark.parametrize("path", ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"])
def test_a_limit_of_the_control_group_is_the_memory(host, path):
    assert total_memory(host) == 1_024_000_000
    host.put(path, "900000000\n")
    assert total_memory(host) == 900_000_000
    host.put(path, "max\n")
    assert total_memory(host) == 1_024_000_000


def test_memory_does_not_change_with_what_a_kernel_keeps_for_itself(host):
    before = gather(host).memory
    host.put("/proc/meminfo", "MemTotal:        1000100 kB\n")
    assert gather(host).memory == before


def test_loopback_resolvers_stand_for_their_upstreams(host):
    host.put("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n")
    host.put("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver 10.0.0.1\n")
    assert resolvers(host) == ("10.0.0.1", "fe80::1")


def test_dropins_by_their_digest(host):
    path = f"{layout.HUB_DROPINS}/10-own.py"
    host.put(path, "c.x = 1\n")
    host.put(f"{layout.HUB_DROPINS}/notes.txt", "")
    assert gather(host).dropins == {path: hashlib.sha256(b"c.x = 1\n").hexdigest()}


def test_a_foreign_service_policy_is_not_ours(host):
    host.put(layout.POLICY_RC_D, "#!/bin/sh\nexit 101\n")
    assert gather(host).foreign_service_policy
    host.put(layout.POLICY_RC_D, "#!/bin/sh\n# Written by hubinstall\nexit 0\n")
    assert not gather(host).foreign_service_policy


def test_a_module_that_can_be_loaded_is_bridge_netfilter(host):
    assert not gather(host).bridge_netfilter
    host.put("/proc/sys/kernel/osrelease", "6.1.0-1-amd64\n")
    host.put(
        "/lib/modules/6.1.0-1-amd64/modules.dep", "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\n"
    )
    assert gather(host).bridge_netfilter


@pytest.mark.parametrize(
    ("distribution", "version", "codename"),
    [
        ("debian", "12", "bookworm"),
        ("debian", "13", "trixie"),
        ("debian", "14", "trixie"),
        ("debian", "", "trixie"),
        ("debian", "11", "bookworm"),
        ("ubuntu", "24.10", "noble"),
        ("ubuntu", "26.04", "questing"),
        ("fedora", "42", "trixie"),
    ],
)
def test_a_later_release_is_like_the_last_one(distribution, version, codename):
    assert release(distribution, version).codename == codename
    assert len({r.codename for r in RELEASES}) == len(RELEASES)


BUILT = "nginx version: nginx/1.22.1\nconfigure arguments: --with-http_gzip_static_module"


@pytest.mark.parametrize(
    ("words", "packaged", "found"),
    [
        ("", False, ("gzip", "br")),
        (BUILT, True, ("gzip", "br")),
        (BUILT, False, ("gzip",)),
        (BUILT.replace("1.22.1", "1.26.3"), True, ("gzip",)),
        ("nginx version: nginx/1.22.1\nconfigure arguments:", False, ()),
    ],
)
def test_how_files_may_be_compressed_for_the_nginx_that_is_there_or_comes(host, words, packaged, found):
    if words:
        host.answers["nginx -V"] = (0, words)
    if packaged:
        host.put("/var/lib/dpkg/info/nginx-common.list", "")
    assert gather(host).nginx_encodings == found


def test_a_release_that_nobody_has_tried_has_no_module_for_certain(host):
    host.put("/etc/os-release", OS_RELEASE.replace('"12"', '"14"'))
    assert gather(host).nginx_encodings == ("gzip",)


def test_where_apt_gets_packages_counts_beside_a_proxy(host):
    host.put("/etc/apt/sources.list", "deb [arch=amd64] http://Debian.Intra.example/debian bookworm main\n")
    host.put("/etc/apt/sources.list.d/a.sources", "URIs: https://u:p@10.1.2.3:8081/a https://mirror.example.net/b\n")
    host.put("/etc/apt/sources.list.d/old.bak", "deb http://old.example bookworm main\n")
    assert gather(host).apt_hosts == ()
    assert gather(host, proxy="192.0.2.1").apt_hosts == ("10.1.2.3", "debian.intra.example", "mirror.example.net")
