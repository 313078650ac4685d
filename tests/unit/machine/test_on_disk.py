"""What counts is on the disk before it counts: the order of the calls that the kernel sees, on real files.

The same as strace(1) sees it on a machine: tests/machine/test_killed.py.
"""

import os

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.engine.ledger import Ledger
from hubinstall.resources.base import Change
from hubinstall.resources.files.file import Directory
from hubinstall.resources.files.tree import SEAL, Tree

NEW = ".hubinstall-new"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Its `calls` are what was asked of the kernel: (name, path in the host), in order."""
    host = FakeHost(tmp_path)
    host.calls = []

    def inside(path):
        return "/" + os.path.relpath(path, tmp_path)

    def spy(name, path_of):
        real = getattr(os, name)

        def call(*arguments, **named):
            path = inside(path_of(*arguments))
            if (name, path[-len(NEW) :]) != ("unlink", NEW):  # what a killed run may have left goes first
                host.calls.append((name, path))
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    spy("fsync", lambda fd: os.readlink(f"/proc/self/fd/{fd}"))
    spy("rename", lambda _, target: target)
    spy("unlink", lambda path: path)
    spy("mkdir", lambda path, *_: path)
    spy("symlink", lambda _, path, *__: path)
    host.answers["sync -f"] = lambda argv, _: host.calls.append(("syncfs", argv[-1])) or ""
    return host


def test_a_file(host):
    host.write("/etc/a", b"x")
    assert host.calls == [("fsync", f"/etc/a{NEW}"), ("rename", "/etc/a"), ("fsync", "/etc")]


def test_a_link(host):
    host.link("/etc/a", "/opt")
    assert host.calls == [("symlink", f"/etc/a{NEW}"), ("rename", "/etc/a"), ("fsync", "/etc")]


def test_a_folder(host):
    host.mkdir("/etc/a")
    assert host.calls == [("mkdir", f"/etc/a{NEW}"), ("fsync", f"/etc/a{NEW}"), ("rename", "/etc/a"), ("fsync", "/etc")]


def test_a_file_and_a_tree_that_go(host):
    host.write("/etc/a", b"x")
    host.mkdir("/opt/tree")
    host.calls.clear()
    host.remove("/etc/a")
    host.remove_tree("/opt/tree")
    assert host.calls == [("unlink", "/etc/a"), ("fsync", "/etc"), ("fsync", "/opt")]
    host.remove("/nowhere/a")


def test_a_tree_is_whole_on_the_disk_before_its_seal(host):
    tree = Tree("/opt/tree", {"a": b"x", "folder/b": b"y"})
    tree.apply(host, None)
    synced = host.calls.index(("syncfs", "/opt/tree"))
    sealed = host.calls.index(("rename", f"/opt/tree/{SEAL}"))
    assert all(host.calls.index(("rename", f"/opt/tree/{name}")) < synced < sealed for name in tree.files)


def test_the_ledger_is_on_the_disk_before_the_thing_is_touched(host):
    host.mkdir(layout.STATE)
    folder = Directory("/opt/thing")
    ledger = Ledger(host, layout.LEDGER)
    host.calls.clear()
    change = Change(folder, None, folder.desired())
    ledger.note(change)
    folder.apply(host, change)
    written = [("fsync", f"{layout.LEDGER}{NEW}"), ("rename", layout.LEDGER), ("fsync", layout.STATE)]
    aside = f"/opt/thing{NEW}"
    assert host.calls == [*written, ("mkdir", aside), ("fsync", aside), ("rename", "/opt/thing"), ("fsync", "/opt")]
