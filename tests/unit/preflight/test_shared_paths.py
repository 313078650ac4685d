"""A directory elsewhere is a share only where nobody can put another one in its place, and where no homes are."""

import json

import pytest

from fakes.host import FakeHost
from hubinstall.preflight import shared_paths
from hubinstall.settings.model import Settings

INFO = json.dumps({"ServerVersion": "24", "DockerRootDir": "/data/docker"})


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path, {"GET /info": INFO})
    host.put("/mnt/nfs/course/file", "1")
    host.put("/home/alice/file", "1")
    for folder in ("/", "/mnt", "/mnt/nfs", "/home", "/data", "/srv"):
        host.path(folder).mkdir(exist_ok=True)
        host.path(folder).chmod(0o755)
        host.owners[folder] = ("root", "root")
    return host


def found(host, *paths):
    shares = {f"s{number}": {"path": path} for number, path in enumerate(paths)}
    return [words for _, words, _ in shared_paths.problems(host, Settings.model_validate({"shares": shares}), 1000)]


def test_what_is_there_already_is_fine_and_so_is_what_is_not_there(host):
    assert found(host, "/mnt/nfs/course", "/mnt/later/course") == []


def test_others_who_can_change_a_directory_above_can_change_what_is_mounted(host):
    host.path("/mnt/nfs").chmod(0o775)
    assert "/mnt/nfs, in which it is, can be changed by others than root" in found(host, "/mnt/nfs/course")[0]
    host.path("/mnt/nfs").chmod(0o755)
    host.forget()
    host.owners["/mnt/nfs"] = ("alice", "alice")
    assert "/mnt/nfs, in which it is" in found(host, "/mnt/nfs/course")[0]


def test_a_link_above_is_named(host):
    host.path("/mnt/linked").symlink_to("nfs")
    assert found(host, "/mnt/linked/course") == ["/mnt/linked is a link"]


def test_no_home_and_nothing_of_dockers_is_shared(host):
    with host.path("/etc/passwd").open("a") as passwd:
        passwd.write("carol:x:1003:1003::/data/carol:/bin/sh\n")
    host.forget()
    assert "the home /data/carol overlap" in found(host, "/data/carol/public")[0]
    assert "the home /data/carol overlap" in found(host, "/data")[0]


def test_two_shares_are_two_directories(host):
    assert found(host, "/mnt/nfs/course", "/mnt/nfs/course") == ["is also that of the share s0"]
