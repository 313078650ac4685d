"""Files, directories, links, content-named trees and secrets on the fake host."""

import pytest

from fakes.host import FakeHost
from hubinstall.errors import CommandError, UserError
from hubinstall.machine.host import TEMPORARY
from hubinstall.resources.base import look
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.secret import Secret
from hubinstall.resources.files.tree import SEAL, Tree


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def settle(host, resource, last=None):
    change = look(resource, host, last)
    if change:
        resource.apply(host, change)
    return change


SECRET = Secret("/etc/token.a", readers={"/etc/token.a": "alice", "/etc/token.b": "www-data"})
ALL = [
    File("/etc/motd", "hello\n", mode="0640", group="alice"),
    Directory("/etc/deep", mode="0711"),
    Link("/etc/link", "/etc/motd"),
    Tree("/opt/tree-1", {"a.py": b"1", "pkg/b.py": b"2", "pkg/sub/c.py": b"3"}),
    SECRET,
]


@pytest.mark.parametrize("resource", ALL, ids=lambda r: r.kind)
def test_absent_made_nothing_removed_removed_again(host, resource):
    assert settle(host, resource).verb == "create"
    assert look(resource, host) is None
    resource.remove(host)
    assert resource.actual(host) is None
    resource.remove(host)


@pytest.mark.parametrize("resource", ALL, ids=lambda r: r.kind)
def test_no_temporary_is_left(host, resource):
    settle(host, resource)
    assert not list(host.root.rglob("*.hubinstall-new"))


def test_each_key_of_a_file_is_mended(host):
    file = ALL[0]
    settle(host, file)
    host.path("/etc/motd").write_text("other")
    assert settle(host, file).keys == ["content"]
    host.path("/etc/motd").chmod(0o666)
    assert settle(host, file).keys == ["mode"]
    host.owners["/etc/motd"] = ("alice", "alice")
    assert settle(host, file).keys == ["owner"]
    assert look(file, host) is None


def test_an_edit_by_hand_is_kept_and_named(host):
    file = File("/etc/motd", "ours\n", dropin="/etc/motd.d")
    settle(host, file)
    last = file.desired()
    host.path("/etc/motd").write_text("theirs\n")
    host.path("/etc/hubinstall/edits").mkdir(parents=True)
    settle(host, file, last)
    assert host.text("/etc/hubinstall/edits/etc%motd") == "theirs\n"
    assert "/etc/motd.d" in host.notices[0]


def test_our_own_older_version_is_no_edit(host):
    settle(host, File("/etc/motd", "one\n"))
    settle(host, File("/etc/motd", "two\n"), File("/etc/motd", "one\n").desired())
    assert host.notices == []


def test_content_that_its_check_refuses_never_counts(host):
    settle(host, File("/etc/motd", "good"))
    host.answers["checker"] = (1, "line 3: wrong")
    with pytest.raises(CommandError, match="line 3: wrong"):
        settle(host, File("/etc/motd", "bad", check=("checker", "{}")))
    assert host.text("/etc/motd") == "good"
    assert not host.exists("/etc/motd.candidate")


@pytest.mark.parametrize("resource", [File("/etc/x", "a"), Link("/etc/x", "/etc/motd")], ids=lambda r: r.kind)
def test_a_folder_in_the_way_is_said_and_stays(host, resource):
    host.path("/etc/x").mkdir()
    with pytest.raises(UserError, match=f"/etc/x is .*, but a {resource.kind} is expected there"):
        settle(host, resource)
    assert host.path("/etc/x").is_dir()


def test_a_directory_in_use_stays(host):
    settle(host, ALL[1])
    host.put("/etc/deep/precious", "data")
    ALL[1].remove(host)
    assert host.text("/etc/deep/precious") == "data"


def test_a_tree_without_its_seal_is_rebuilt(host):
    tree = ALL[3]
    settle(host, tree)
    host.path(f"/opt/tree-1/{SEAL}").unlink()
    host.put("/opt/tree-1/stray", "half")
    assert settle(host, tree).verb == "create"
    assert not host.exists("/opt/tree-1/stray")


def test_a_file_missing_from_a_tree_is_noticed(host):
    tree = ALL[3]
    settle(host, tree)
    host.path("/opt/tree-1/a.py").unlink()
    assert settle(host, tree).keys == ["complete"]
    assert host.text("/opt/tree-1/a.py") == "1"


def test_a_lost_copy_of_a_secret_gets_the_same_value(host):
    settle(host, SECRET)
    value = host.text("/etc/token.a")
    assert len(value) == 64
    host.path("/etc/token.a").unlink()
    settle(host, SECRET)
    assert host.text("/etc/token.a") == host.text("/etc/token.b") == value


def test_a_secret_is_not_in_its_state(host):
    settle(host, SECRET)
    assert host.text("/etc/token.a") not in str(SECRET.actual(host))


def test_a_folder_is_there_with_its_rights_or_not_yet(host, monkeypatch):
    """Who finds it made takes it as it is (dockerd's /etc/docker)."""

    def killed():
        raise KeyboardInterrupt

    monkeypatch.setattr(host.kill_points, "mid", killed)
    with pytest.raises(KeyboardInterrupt):
        host.mkdir("/etc/new")
    assert not host.exists("/etc/new")
    monkeypatch.undo()
    host.mkdir("/etc/new")
    assert host.stat("/etc/new").mode == "0755"
    assert host.names("/etc/new") == []
    assert not host.exists(f"/etc/new{TEMPORARY}")
    host.mkdir("/etc/new", mode="0700")
    assert host.stat("/etc/new").mode == "0700"


def test_a_shared_directory_is_made_if_it_is_missing_and_otherwise_left(host):
    wanted = Directory("/usr-local", shared=True)
    assert settle(host, wanted)
    host.mkdir("/usr-local", mode="2775", group="alice")
    assert settle(host, wanted) is None
    assert host.stat("/usr-local").mode == "2775"
    host.remove("/usr-local")
    host.write("/usr-local", b"somebody's")
    with pytest.raises(UserError, match="is not a directory"):
        settle(host, wanted)


def test_a_link_to_a_directory_is_a_shared_one(host):
    host.mkdir("/elsewhere")
    host.link("/linked", str(host.path("/elsewhere")))
    assert settle(host, Directory("/linked", shared=True)) is None
