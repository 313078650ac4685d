"""The copy of a layer alone: what Docker keeps of it, put together again; and which copies stay."""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.apps import SCRIPTS
from hubinstall.resources.docker import layer_copy

SAVE = str(SCRIPTS / "save.py")
NAME = "hubinstall/default/stats"
ENGINE = json.dumps({"ServerVersion": "20.10", "Driver": "overlay2", "DockerRootDir": "/var/lib/docker"})
FILES = {"usr/bin/x": b"\x7fELF" * 300, "usr/empty": b"", "usr/\udcff": b"a name that is no UTF-8"}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def stored(tmp_path):
    """A directory of Docker's with one image of two layers; the archive of the upper one, and the image's id."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in FILES.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    whole, entries, end = layer.getvalue(), [], 0
    for name, content in FILES.items():
        start = whole.index(content, end) if content else end
        raw = name.encode(errors="surrogateescape")
        named = {"name": name} if name.isascii() else {"name_raw": base64.b64encode(raw).decode()}
        entries.append({"type": 2, "payload": base64.b64encode(whole[end:start]).decode()})
        entries.append({"type": 1, "size": len(content), **named} if content else {"type": 1, **named})
        end = start + len(content)
    entries.append({"type": 2, "payload": base64.b64encode(whole[end:]).decode()})
    layers = [f"sha256:{'0' * 64}", f"sha256:{sha(whole)}"]
    config = json.dumps({"rootfs": {"diff_ids": layers}}).encode()
    about = tmp_path / "image/overlay2/layerdb/sha256" / sha(" ".join(layers).encode())
    files = tmp_path / "overlay2/cached/diff"
    for folder in (about, files / "usr/bin", images := tmp_path / "image/overlay2/imagedb/content/sha256"):
        folder.mkdir(parents=True)
    (images / sha(config)).write_bytes(config)
    (about / "cache-id").write_text("cached")
    (about / "tar-split.json.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, entries)).encode()))
    for name, content in FILES.items():
        (files / name).write_bytes(content)
    return tmp_path, whole, sha(config)


def test_the_archive_has_the_layer_to_the_byte_and_nothing_below_it(stored):
    folder, whole, id_ = stored
    words = [sys.executable, "-I", SAVE, str(folder), "overlay2", f"sha256:{id_}", f"{NAME}:1"]
    done = subprocess.run(words, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        found = {name: archive.extractfile(name).read() for name in archive.getnames()}
    [said] = json.loads(found["manifest.json"])
    assert said["RepoTags"] == [f"{NAME}:1"]
    assert sha(found[said["Config"]]) == id_
    assert [name in found for name in said["Layers"]] == [False, True]
    assert found[said["Layers"][1]] == whole


def test_where_docker_stores_otherwise_there_is_no_copy_and_no_failure(tmp_path):
    host = FakeHost(tmp_path, {"bash": (1, "", "No such file"), "GET /info": ENGINE})
    host.mkdir(layout.STATE)
    host.mkdir(layout.IMAGES)
    layer_copy.keep(host, SAVE, "sha256:1", f"{NAME}:{'a' * 12}")
    assert [command.split()[0] for command in host.commands] == ["bash"]
    host = FakeHost(tmp_path, {"GET /info": ENGINE.replace("overlay2", "btrfs")})
    layer_copy.keep(host, SAVE, "sha256:1", f"{NAME}:{'a' * 12}")
    assert host.commands == []
    assert host.names(layout.IMAGES) == []


def test_copies_go_with_their_layers(tmp_path):
    host = FakeHost(tmp_path)
    kept, old, other = ("a" * 12, "b" * 12, "c" * 12)
    paths = {tag: layer_copy.path_of(NAME, tag) for tag in (kept, old)}
    neighbour = layer_copy.path_of(f"{NAME}-101", other)
    for path in (*paths.values(), neighbour, f"{paths[old]}.unfinished", f"{layout.IMAGES}/{old}.tar.zst"):
        host.put(path, "")
    layer_copy.drop_others(host, NAME, [kept])
    left = {path.rpartition("/")[2] for path in (paths[kept], neighbour, f"{layout.IMAGES}/{old}.tar.zst")}
    assert set(host.names(layout.IMAGES)) == left
