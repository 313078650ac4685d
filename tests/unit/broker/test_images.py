"""Images that the hub may bring back: each from its own source, and under its own name."""

import json
import subprocess
from dataclasses import replace

import pytest

from hubinstall.broker import calls
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.wire import Request
from hubinstall.hubside.images import ImageSource
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.network import ServerNetwork

IMAGE = "hubinstall/default:abc"
POLICY = Policy(
    network=ServerNetwork("hubinstall", "hubinstall0", "10.99.0.0/16", "10.99.0.1"), image=IMAGE,
    image_label="hubinstall.image=abc", image_archive="", image_pin="", uid_min=1000, uid_max=60000,
    cgroup_parent="", limits=ServerLimits(1 << 30, 1.0, 1024, None),
)  # fmt: skip


class Engine:
    """Docker with one image, which is not ours."""

    def ask(self, _path, _query=None):
        return {"Id": "sha256:1", "Config": {"Labels": {}}, "RepoTags": ["debian:12"]}


def test_the_machines_own_copy_of_an_image_is_loaded_and_nothing_else(tmp_path):
    layer, copied = "hubinstall/default/default:1", tmp_path / "layer.tar.zst"
    policy = replace(POLICY, other_sources={layer: ImageSource("", str(copied), ""), "base:1": ImageSource("", "", "")})
    subprocess.run(["zstd", "-q", "-o", copied, "-"], input=b"an archive", check=True)
    call = calls.call(policy, Engine(), Request("POST", "/images/load", {}, {}, layer.encode()))
    assert call.body.read() == b"an archive"
    call.body.close()
    for name in (IMAGE, "base:1", "debian:12", str(copied), "\xff"):
        with pytest.raises(RefusedError, match="no copy"):
            calls.call(policy, Engine(), Request("POST", "/images/load", {}, {}, name.encode()))
    # To see whether one is there that it could bring back, the hub may inspect it; no server may run it.
    assert calls.call(policy, Engine(), Request("GET", "/images/base:1/json", {}, {})).path == "/images/base:1/json"
    assert not policy.admits_image("base:1")


def test_an_image_gets_its_own_name_back_alone(tmp_path):
    pin = tmp_path / "pin.json"
    pin.write_text(json.dumps({"id": "sha256:1", "digest": "quay.io/a/b@sha256:2"}))
    policy = replace(POLICY, other_sources={"pulled:1": ImageSource("", "", str(pin))})

    def tag(name):
        query = dict(zip(("repo", "tag"), name.split(":"), strict=True))
        return calls.call(policy, Engine(), Request("POST", "/images/sha256:1/tag", query, {}))

    assert tag("pulled:1").query == {"repo": "pulled", "tag": "1"}
    for name in (IMAGE, "debian:12"):
        with pytest.raises(RefusedError):
            tag(name)
