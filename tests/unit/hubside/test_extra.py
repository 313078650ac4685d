"""An administrator's options for Docker join ours: nothing of ours that a server needs is lost."""

import pytest
from traitlets import TraitError

from hubinstall.hubside import extra


def ours() -> dict:
    return {
        "mounts": [{"Target": "/home/alice"}, {"Target": "/srv/data"}],
        "tmpfs": {"/tmp": "size=1g", "/run": "size=16m"},
        "binds": {},
        "group_add": ["2000"],
        "mem_limit": 1 << 30,
        "memswap_limit": 1 << 30,
        "cap_drop": ["ALL"],
    }


def merged(**more) -> dict:
    config = ours()
    extra.merge_host_config(config, more)
    return config


def targets(config: dict) -> list[str]:
    return [mount["Target"] for mount in config["mounts"]]


def test_mounts_and_groups_are_added():
    config = merged(mounts=[{"Target": "/scratch"}], group_add=[44, "2000"])
    assert targets(config) == ["/home/alice", "/srv/data", "/scratch"]
    assert config["group_add"] == ["2000", "44"]


def test_what_is_mounted_at_the_place_of_ours_replaces_it():
    assert targets(merged(mounts=[{"Target": "/home/alice", "Source": "/nfs"}])) == ["/srv/data", "/home/alice"]
    assert targets(merged(binds={"/nfs/alice": {"bind": "/home/alice", "mode": "rw"}})) == ["/srv/data"]
    assert targets(merged(binds=["/nfs/alice:/home/alice:rw"])) == ["/srv/data"]
    assert merged(binds={"volume": {"bind": "/tmp"}})["tmpfs"] == {"/run": "size=16m"}
    assert merged(tmpfs={"/tmp": "size=2g"})["tmpfs"] == {"/tmp": "size=2g", "/run": "size=16m"}


def test_a_limit_of_memory_takes_swap_along_and_the_rest_is_replaced():
    config = merged(mem_limit="3G", cap_drop=[])
    assert config["mem_limit"] == config["memswap_limit"] == "3G"
    assert config["cap_drop"] == []
    assert merged(mem_limit="3G", memswap_limit="4G")["memswap_limit"] == "4G"


@pytest.mark.parametrize(("limit", "size"), [("1G", 1 << 30), (5, 5), (None, None), (0, None)])
def test_a_size_may_be_what_a_function_returned(limit, size):
    assert extra.size(limit) == size


def test_a_size_that_is_none_is_refused():
    with pytest.raises(TraitError, match="not a valid memory specification"):
        extra.size("much")
