"""Programs and packages out of an unpacked bundle."""

import hashlib
import json
import zipfile
from urllib.parse import unquote, urlparse

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.runtimes import locked
from hubinstall.errors import UserError
from hubinstall.resources.packages import offline


def test_every_node_module_becomes_a_file_of_its_own_and_keeps_its_hash():
    lock = locked("proxy/package-lock.json")
    before, after = (json.loads(text)["packages"] for text in (lock, offline.with_files(lock, "/b/npm")))
    addresses = [after[place].pop("resolved") for place in after if place]
    assert after == before
    assert len(set(addresses)) == len(addresses) == len(before) - 1
    assert all(unquote(address) == address for address in addresses)
    assert urlparse(addresses[0]).path.startswith("/b/npm/~colors~colors-")


def test_a_program_is_taken_out_of_a_wheel_of_the_list_only(tmp_path):
    host = FakeHost(tmp_path / "root")
    wheel = host.path(f"{layout.UNPACKED_BUNDLE}/wheels/uv-1.0-py3-none-any.whl")
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("uv-1.0.data/scripts/uvx", "another")
        packed.writestr("uv-1.0.data/scripts/uv", "program")
    with pytest.raises(UserError, match="is not in the list"):
        offline.program(host, "uv", "uv==1.0 --hash=sha256:00\n", str(tmp_path / "uv"))
    lock = f"uv==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    path = offline.program(host, "uv", lock, str(tmp_path / "uv"))
    assert (tmp_path / "uv/uv").read_text() == "program"
    assert path == str(tmp_path / "uv/uv")
