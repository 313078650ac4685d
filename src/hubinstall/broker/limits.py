"""A server has the limits of whose it is, or smaller ones: no matter who asks for it, and what for."""

import shlex
from typing import Any

from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import CPU_PERIOD, cpu_quota
from hubinstall.hubside.profiles import Gives

BILLION = 1_000_000_000


def check(policy: Policy, account: Account, config: dict[str, Any], gives: Gives | None = None) -> None:
    """Raise RefusedError if this HostConfig gives the server more of the machine than config.yaml gives its owner.
    `gives`: what its owner has chosen of it.

    /dev/shm and /tmp are memory, and count as such. Without a word about swap Docker would give as much again.
    """
    if policy.allows("no-limits"):
        return
    memory, processes = config.get("Memory"), config.get("PidsLimit")
    if not memory or not processes:
        raise RefusedError("a server without a limit for memory or for processes", "no-limits")
    config["MemorySwap"] = swap = config.get("MemorySwap") or memory
    limits = (gives or Gives()).limits(policy.other_limits.of(account, policy.limits))
    if limits.memory is not None and (most := max(memory, swap)) > limits.memory:
        raise _too_much(account, "memory", most, limits.memory)
    if processes > limits.processes:
        raise _too_much(account, "processes", processes, limits.processes)
    if limits.cpu is not None:
        _check_cpu(account, config, limits.cpu)


def _check_cpu(account: Account, config: dict[str, Any], cpu: float) -> None:
    period = config.get("CpuPeriod") or CPU_PERIOD
    quota, nano = config.get("CpuQuota"), config.get("NanoCpus")
    if not quota and not nano:
        raise RefusedError("a server without a limit for cores", "no-limits")
    if quota and quota > cpu_quota(cpu, period):
        raise _too_much(account, "cpu", quota / period, cpu)
    if nano and nano > cpu * BILLION:
        raise _too_much(account, "cpu", nano / BILLION, cpu)


def _too_much(account: Account, key: str, wanted: float, given: float) -> RefusedError:
    name = f'"{account.name}"' if "." in account.name else account.name
    setting = shlex.quote(f"limits.users.{name}.{key}")
    return RefusedError(
        f"a server of {account.name} with {key} {_text(key, wanted)} instead of at most {_text(key, given)}",
        command=f"hubinstall config set {setting} {_text(key, wanted)} --apply",
    )


def _text(key: str, number: float) -> str:
    """As config.yaml takes it."""
    if isinstance(number, float):
        return f"{number:g}"
    units = ((number >> 30, 30, "G"), (number >> 20, 20, "M")) if key == "memory" else ()
    return next((f"{whole}{unit}" for whole, bits, unit in units if whole and whole << bits == number), str(number))
