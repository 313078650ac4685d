"""Whose limits a server has, and what Docker is told of them."""

from dataclasses import asdict, replace

import pytest

from fakes.hub_people import ALICE, SETTINGS
from hubinstall.hubside import limits
from hubinstall.hubside.limits import OtherLimits, of_docker

MIB = 1 << 20


def told(**changes) -> dict:
    return of_docker(replace(SETTINGS.limits, **changes))


def test_swap_is_not_added_to_the_memory():
    config = told(memory=1024 * MIB)
    assert config["mem_limit"] == config["memswap_limit"] == 1024 * MIB


def test_processors_are_a_share_of_the_time():
    assert (told(cpu=0.5)["cpu_quota"], told(cpu=0.5)["cpu_period"]) == (50_000, 100_000)
    assert told(cpu=0.001)["cpu_quota"] == 1000, "the least that the kernel takes"


def test_processes_and_threads_are_counted():
    assert told(processes=99)["pids_limit"] == 99


@pytest.mark.parametrize(("memory", "shm"), [(128, 64), (256, 64), (1024, 256), (2048, 512)])
def test_shared_memory_is_a_quarter_of_the_memory(memory, shm):
    assert told(memory=memory * MIB)["shm_size"] == shm * MIB


@pytest.mark.parametrize(("memory", "shm"), [(1024 * MIB, 300), (256 * MIB, 256), (None, 300)])
def test_shared_memory_is_as_large_as_the_file_says_within_the_memory(memory, shm):
    assert told(memory=memory, shm=300 * MIB)["shm_size"] == shm * MIB


def test_what_a_dropin_leaves_without_a_limit_has_none():
    assert told(memory=None, cpu=None, processes=64) == {"pids_limit": 64}


OTHERS = OtherLimits(
    groups={
        "projects": {"memory": 8 * 1024 * MIB, "cpu": 1.0}, "gpu": {"memory": 4 * 1024 * MIB, "cpu": 4.0, "servers": 2},
        "small": {"memory": 512 * MIB}, "gone": {"memory": 1 << 50},
    },
    users={"grace": {"memory": 1024 * MIB, "processes": 64}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "gids", "memory", "cpu", "processes", "servers"),
    [
        ("alice", {1}, 2048, 1.5, 1024, None),
        ("alice", {10}, 8192, 1.0, 1024, None),
        ("alice", {10, 11, 12}, 8192, 4.0, 1024, 2),
        ("alice", {12}, 512, 1.5, 1024, None),
        ("grace", {1}, 1024, 1.5, 64, None),
        ("grace", {10, 11}, 1024, 4.0, 64, 2),
    ],
)
def test_the_most_generous_group_counts_for_each_key_and_a_persons_own_line_before_it(
    monkeypatch, name, gids, memory, cpu, processes, servers
):
    here = {"projects": 10, "gpu": 11, "small": 12}
    monkeypatch.setattr(limits, "group_ids", lambda names: {n: here[n] for n in names if n in here})
    found = OTHERS.of(replace(ALICE, name=name, gids=frozenset(gids)), SETTINGS.limits)
    assert (found.memory, found.cpu, found.processes, found.servers) == (memory * MIB, cpu, processes, servers)
    assert found.shm == SETTINGS.limits.shm


def test_what_is_written_is_read_back_and_nothing_else_is_taken():
    assert OtherLimits.parse(asdict(OTHERS)) == OTHERS
    for data in ({"groups": {}}, {"groups": {}, "users": {}, "more": {}}, {"groups": {"a": {"swap": 1}}, "users": {}}):
        with pytest.raises(ValueError, match="keys"):
            OtherLimits.parse(data)


@pytest.mark.parametrize("key", ["memory", "cpu", "processes", "shm", "servers"])
def test_a_line_may_say_zero_or_less_than_everybodys(key):
    others = OtherLimits({"few": {key: 0}}, {})
    assert getattr(others.of_member("alice", ["few"], SETTINGS.limits), key) == 0
