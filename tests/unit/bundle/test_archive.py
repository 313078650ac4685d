"""An offline bundle: what is refused before anything changes, and what is unpacked."""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from fakes.host import FakeHost
from hubinstall import __version__, layout
from hubinstall.bundle import archive
from hubinstall.bundle.archive import FORMAT, MANIFEST, Manifest
from hubinstall.errors import UserError
from hubinstall.machine.facts import architecture
from hubinstall.preflight import disk
from hubinstall.resources.packages import offline

PARTS = {
    "bootstrap.py": b"print()\n",
    "debs/Packages": b"Package: nginx\n",
    "debs/nginx_1%3a1.22.1-9+deb12u3_amd64.deb": b"!<arch>\n" * 400,
    "npm/~colors~colors-1.6.1.tgz": b"\x1f\x8b",
    "wheels/uv-1-py3-none-any.whl": os.urandom(3 << 20),
    "static/server-static-0123456789abcdef.tar": b"x" * 512,
    "image/0123456789ab.tar.zst": b"",
}
HERE = Manifest(__version__, archive.build(), "debian bookworm", "Debian GNU/Linux 12 (bookworm)", architecture(), {})


def summed(parts):
    return {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in parts.items()}


def add(tar, name, content, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(content), kind, "../../../etc/passwd"
    tar.addfile(member, io.BytesIO(content))


def write(folder: Path, manifest=HERE, *, parts=PARTS, promised=None, text=None) -> str:
    """A bundle with `parts`; `promised`: what the manifest says of them instead of the truth."""
    path = folder / "some.tar"
    manifest = replace(manifest, parts=summed(parts if promised is None else promised))
    with tarfile.open(path, "w") as tar:
        add(tar, MANIFEST, (text or manifest.text()).encode())
        for name, content in parts.items():
            add(tar, name, content)
    return str(path)


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path / "root")
    words = "PRETTY_NAME='Debian GNU/Linux 12 (bookworm)'\nID=debian\nVERSION_CODENAME=bookworm\nVERSION_ID=12\n"
    host.put("/etc/os-release", words)
    return host


def refused(host, path):
    before = sorted(map(str, host.root.rglob("*")))
    with pytest.raises(UserError) as error:
        archive.refuse(host, archive.read(path))
    assert sorted(map(str, host.root.rglob("*"))) == before
    assert error.value.hint
    return error.value.message.replace(path, "FILE")


def test_a_whole_bundle_is_unpacked_to_where_the_resources_look(host, tmp_path):
    bundle = archive.read(write(tmp_path))
    archive.refuse(host, bundle)
    assert offline.folder(host, offline.WHEELS) == ""
    host.put(f"{layout.UNPACKED_BUNDLE}/debs/of-a-run-before.deb", "x")
    archive.unpack(host, bundle)
    top = host.path(layout.UNPACKED_BUNDLE)
    found = {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*") if file.is_file()}
    assert found.pop("sources.list") == f"deb [trusted=yes] file:{top}/debs ./\n".encode()
    assert found == {name: content for name, content in PARTS.items() if name != "bootstrap.py"}
    assert offline.folder(host, offline.WHEELS) == f"{layout.UNPACKED_BUNDLE}/wheels"
    assert offline.file(host, offline.IMAGE, "0123456789ab.tar.zst")
    assert not offline.file(host, offline.IMAGE, "another.tar.zst")
    assert offline.for_uv(host)["UV_OFFLINE"] == "1"
    offline.discard(host)
    assert (host.names(layout.CACHE), host.exists(layout.BUNDLE), offline.for_uv(host)) == ([], False, {})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"release": "debian trixie", "name": "Debian GNU/Linux 13 (trixie)"},
         "FILE was made for Debian GNU/Linux 13 (trixie), and this is Debian GNU/Linux 12 (bookworm)"),
        ({"arch": "riscv64"}, f"FILE was made for riscv64, and this machine is {architecture()}"),
        ({"hubinstall": "0.0.9"}, f"FILE was made by hubinstall 0.0.9, and this is {__version__}"),
        ({"build": "0" * 64}, f"FILE was made by another build of hubinstall {__version__}"),
    ],
)  # fmt: skip
def test_a_bundle_for_something_else(host, tmp_path, other, words):
    assert refused(host, write(tmp_path, replace(HERE, **other))) == words


def test_a_changed_byte(host, tmp_path):
    wheel = "wheels/uv-1-py3-none-any.whl"
    changed = PARTS | {wheel: PARTS[wheel][:-1] + bytes([PARTS[wheel][-1] ^ 1])}
    assert refused(host, write(tmp_path, parts=changed, promised=PARTS)) == (
        f"FILE is damaged: {wheel} differs from its SHA-256"
    )


def test_a_part_that_is_missing(host, tmp_path):
    fewer = {name: content for name, content in PARTS.items() if "uv" not in name}
    assert refused(host, write(tmp_path, parts=fewer, promised=PARTS)) == "FILE is incomplete"


def test_a_file_that_was_cut_anywhere(host, tmp_path):
    path = write(tmp_path)
    whole = Path(path).read_bytes()
    end = max(offset + len(PARTS[name]) for name, offset in archive.read(path).places.items())
    listed = len(archive.read(path).manifest.text()) + 512
    for size in [*range(0, 4096, 100), *range(4096, end, end // 60), end - 1]:
        Path(path).write_bytes(whole[:size])
        words = "is incomplete" if size >= listed else "is no bundle of hubinstall, or its beginning is damaged"
        assert refused(host, path) == f"FILE {words}", size


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/evil", "/etc/cron.d/evil", "debs/../../evil", "debs/a/b", "evil", "debs/", "debs/.hidden",
     "manifest.json", "debs/a\nb", "etc/x"],
)  # fmt: skip
def test_names_that_would_lead_out_of_the_folder(host, tmp_path, name):
    assert refused(host, write(tmp_path, parts=PARTS | {name: b"x"})) == (
        f"FILE contains {name!r}, which is no part of a bundle"
    )


def test_a_link_is_no_part(host, tmp_path):
    path = write(tmp_path, parts={}, promised={"debs/a.deb": b""})
    with tarfile.open(path, "a") as tar:
        add(tar, "debs/a.deb", b"", tarfile.SYMTYPE)
    assert refused(host, path) == "FILE is incomplete"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', "{", "null"])
def test_a_manifest_that_is_none(host, tmp_path, text):
    assert refused(host, write(tmp_path, text=text or " ")).startswith("FILE is no bundle of hubinstall")


def test_a_later_form_names_the_version_that_made_it(host, tmp_path):
    text = json.dumps({"format": FORMAT + 1, **asdict(replace(HERE, hubinstall="9.9.9"))})
    assert refused(host, write(tmp_path, text=text)) == "FILE was made by another version of hubinstall (9.9.9)"


def test_what_is_no_archive(host, tmp_path):
    for content in (b"", b"hello", b"\0" * 20000, b"\x1f\x8b\x08"):
        (tmp_path / "some.tar").write_bytes(content)
        assert refused(host, str(tmp_path / "some.tar")).startswith("FILE is no bundle of hubinstall")
    assert refused(host, str(tmp_path / "nothing")) == "FILE cannot be read: No such file or directory"
    assert refused(host, str(tmp_path)) == "FILE cannot be read: Is a directory"


def test_a_disk_without_room(host, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "free_space", lambda *_: 150 * 10**6)
    assert refused(host, write(tmp_path)) == "/var has 0.1 GB of free space; 0.2 GB is needed to unpack FILE"


def test_a_bundle_goes_with_the_lists_and_the_image(monkeypatch):
    """Another list or another file of the image makes another build; the same ones do not."""
    assert archive.build() == archive.build() != ""
    below = [name for name, _ in archive._below(archive.files("hubinstall").joinpath("locks"), "locks")]
    assert {"locks/hub.txt", "locks/proxy/package-lock.json"} <= set(below)
