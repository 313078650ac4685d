"""What Docker is told of the limits of a server."""

from dataclasses import replace

import pytest

from fakes.hub_people import SETTINGS
from hubinstall.hubside.limits import of_docker

MIB = 1 << 20


def told(**limits) -> dict:
    return of_docker(replace(SETTINGS.limits, **limits))


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
