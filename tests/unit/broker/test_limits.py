"""A hub that somebody has taken over gives nobody more of the machine than config.yaml does."""

import json
import re
from dataclasses import replace

import pytest

from hubinstall.broker import limits
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside import limits as hubs
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import OtherLimits, of_docker
from unit.broker.test_calls import LIMITS, POLICY

GIB = 1 << 30
ADA = Account("ada", 1234, 1234, "/home/ada", "ada", frozenset({1234, 2000}))
USUAL = {"Memory": GIB, "MemorySwap": GIB, "CpuPeriod": 100_000, "CpuQuota": 100_000, "PidsLimit": 1024}


def checked(policy=POLICY, account=ADA, **config) -> dict:
    given = USUAL | config
    limits.check(policy, account, given)
    return given


@pytest.fixture(autouse=True)
def _groups(monkeypatch):
    gids = {"team": 2000, "staff": 3000}
    monkeypatch.setattr(hubs, "group_ids", lambda names: {name: gids[name] for name in names if name in gids})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"Memory": GIB + 1}, "ada with memory 1073741825 instead of at most 1G"),
        ({"MemorySwap": 2 * GIB}, "ada with memory 2G instead of at most 1G"),
        ({"PidsLimit": 1 << 20}, "ada with processes 1048576 instead of at most 1024"),
        ({"PidsLimit": 1025}, "ada with processes 1025 instead of at most 1024"),
        ({"CpuQuota": 100_001}, "ada with cpu 1.00001 instead of at most 1"),
        ({"CpuPeriod": 50_000}, "ada with cpu 2 instead of at most 1"),
        ({"CpuQuota": 0}, "without a limit for cores"),
        ({"CpuQuota": 0, "NanoCpus": 2_000_000_000}, "ada with cpu 2 instead of at most 1"),
        ({"Memory": 0}, "without a limit for memory or for processes"),
        ({"PidsLimit": None}, "without a limit for memory or for processes"),
    ],
)
def test_more_than_the_file_gives_is_refused_unless_it_allows_any(config, words):
    with pytest.raises(RefusedError, match=re.escape(words)):
        checked(**config)
    assert checked(replace(POLICY, allowed=("no-limits",)), **config) == USUAL | config


def test_the_refusal_says_what_gives_it():
    with pytest.raises(RefusedError) as refused:
        checked(Memory=2 * GIB, MemorySwap=2 * GIB)
    assert str(refused.value).endswith("hubinstall config set limits.users.ada.memory 2G --apply")
    with pytest.raises(RefusedError) as refused:
        checked(account=replace(ADA, name="max.muster"), CpuQuota=150_000)
    assert str(refused.value).endswith("""config set 'limits.users."max.muster".cpu' 1.5 --apply""")


def test_less_is_a_drop_ins_right():
    checked(Memory=GIB // 2, MemorySwap=GIB // 2, CpuQuota=0, NanoCpus=500_000_000, PidsLimit=64)


def test_no_swap_comes_from_saying_nothing():
    assert checked(MemorySwap=None)["MemorySwap"] == checked(MemorySwap=0)["MemorySwap"] == GIB


def test_each_has_the_own_limits():
    others = OtherLimits({"team": {"memory": 2 * GIB}, "staff": {"memory": 9 * GIB}}, {"grace": {"memory": 3 * GIB}})
    policy = replace(POLICY, other_limits=others)
    for name, gids, most in (("ada", {2000}, 2), ("bob", {1}, 1), ("grace", {2000}, 3), ("eve", {2000, 3000}, 9)):
        account = replace(ADA, name=name, gids=frozenset(gids))
        checked(policy, account, **dict.fromkeys(("Memory", "MemorySwap"), most * GIB))
        with pytest.raises(RefusedError):
            checked(policy, account, **dict.fromkeys(("Memory", "MemorySwap"), most * GIB + 1))


@pytest.mark.parametrize("cpu", [0.01, 0.3, 1.0, 2.7, 1024])
def test_what_the_hub_makes_of_any_number_of_cores_is_admitted(cpu):
    config = of_docker(replace(LIMITS, cpu=cpu))
    checked(replace(POLICY, limits=replace(LIMITS, cpu=cpu)), CpuQuota=config["cpu_quota"])


def test_the_file_is_read_back_whole():
    policy = replace(POLICY, other_limits=OtherLimits({"team": {"servers": 2}}, {"ada": {"cpu": 0.5}}))
    assert type(policy).parse(json.dumps(policy.as_dict())) == policy
