"""A quota that this machine cannot have is refused before anything changes, with what it takes here."""

import os

import pytest

from fakes.host import FakeHost
from hubinstall.preflight import quotas
from hubinstall.quotas import kernel
from hubinstall.settings.model import Settings

ROOT_ON = "22 1 253:1 / / rw,relatime shared:1 - {} /dev/vda1 rw\n"
OWN = "22 1 253:1 / / rw - ext4 /dev/vda1 rw\n30 22 253:2 / /home rw - {} /dev/vdb1 rw\n"
NO_KERNEL = None
NOTHING, COUNTED, ALL = 0, kernel.COUNTED, kernel.COUNTED | kernel.ENFORCED


def found(tmp_path, monkeypatch, mounts, state, settings=None):
    host = FakeHost(tmp_path)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(mounts)

    if state is not NO_KERNEL:
        (tmp_path / "proc/sys/fs/quota").mkdir(parents=True)
    monkeypatch.setattr(kernel, "state", lambda _: state or 0)
    return list(quotas.problems(host, Settings.model_validate(settings or {"home": {"quota": "10G"}})))


@pytest.mark.parametrize("mounts", [ROOT_ON.format("ext4"), OWN.format("ext4"), OWN.format("xfs")])
def test_a_file_system_that_limits_projects_is_fine(tmp_path, monkeypatch, mounts):
    assert found(tmp_path, monkeypatch, mounts, ALL) == []


def test_who_wants_none_needs_none(tmp_path, monkeypatch):
    assert found(tmp_path, monkeypatch, ROOT_ON.format("btrfs"), NOTHING, {"home": {"users": {}}}) == []


OPTION = "the option prjquota for /home in /etc/fstab"
AGAIN = f"try {OPTION}, then `umount /home && mount /home`"
FEATURE = "`umount /home`, while nobody works, `tune2fs -O project,quota /dev/vdb1`"
GRUB = "try rootflags=prjquota in GRUB_CMDLINE_LINUX"
SEPARATE = "try a file system of its own for /home: `mkfs.ext4 -O project,quota DEVICE`"


@pytest.mark.parametrize(
    ("mounts", "state", "words"),
    [
        (OWN.format("ext4"), NOTHING, f"try {FEATURE}, {OPTION}, and `mount /home`"),
        (OWN.format("ext4"), COUNTED, AGAIN),
        (OWN.format("xfs"), NOTHING, AGAIN),
        (ROOT_ON.format("ext4"), NOTHING, "from a rescue system, `tune2fs -O project,quota /dev/vda1`"),
        (ROOT_ON.format("ext4"), COUNTED, GRUB),
        (ROOT_ON.format("xfs"), NOTHING, GRUB),
        (ROOT_ON.format("btrfs"), NOTHING, SEPARATE),
        (ROOT_ON.format("overlay"), NOTHING, SEPARATE),
        (OWN.format("nfs4"), NOTHING, "try the file server's own quotas"),
        (OWN.format("ext4"), NO_KERNEL, "try the distribution's own kernel"),
    ],
)
def test_what_it_takes_is_said(tmp_path, monkeypatch, mounts, state, words):
    [(at, _, hint)] = found(tmp_path, monkeypatch, mounts, state)
    assert at == ("home", "quota")
    assert words in hint


def test_it_is_said_at_the_line_that_is_there(tmp_path, monkeypatch):
    settings = {"home": {"users": {"alice": "1G"}}}
    [(at, what, _)] = found(tmp_path, monkeypatch, OWN.format("xfs"), NOTHING, settings)
    assert at == ("home", "users")
    assert what == "/home is on /dev/vdb1 (xfs, mounted at /home) without project quotas"


def test_whose_home_has_none_is_named(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    monkeypatch.setattr(kernel, "project", lambda _: (0, False))
    uid = os.getuid() or 12345
    (tmp_path / "home/alice").mkdir()
    os.chown(tmp_path / "home/alice", uid, -1)
    (tmp_path / "home/eve").symlink_to("alice")
    (tmp_path / "srv/bob").mkdir()
    people = {"alice": "/home/alice", "eve": "/home/eve", "bob": "/srv/bob"}
    rows = [f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n" for name, home in people.items()]
    (tmp_path / "etc/passwd").write_text("".join(rows))
    settings = Settings.model_validate({"home": {"quota": "1G"}})
    [(at, words, _)] = quotas.warnings(host, settings, (1, 60000))
    assert at == ("home", "quota")
    assert words.startswith("is not for eve (the home ")
    assert "/home/eve is a link), bob (the home " in words
    assert "alice (" not in words
    settings = Settings.model_validate({"home": {"users": {"alice": "1G"}}})
    assert list(quotas.warnings(host, settings, (1, 60000))) == []
