"""Limits of servers that this machine cannot hold, alone or if all people use theirs at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubinstall.hubside.limits import OtherLimits, ServerLimits
from hubinstall.machine import accounts
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.settings.limits import Limits, LimitsOf
from hubinstall.settings.model import Settings
from hubinstall.settings.profiles import Gives, all_that_is_given

MIB = 1 << 20
GIB = 1 << 30
At = tuple[str | int, ...]
Words = tuple[At, str, str]
"""The key, what is wrong, and what to do."""


@dataclass(frozen=True)
class Given:
    """Everybody's limits, one line of `limits.groups` or `limits.users`, or what can be chosen. `at`: its key."""

    at: At
    limits: Limits | LimitsOf | Gives

    def says(self, key: str) -> Any:
        """The value; None if the file has none here."""
        return getattr(self.limits, key) if key in self.limits.model_fields_set else None

    def words(self, key: str, message: str, hint: str) -> Words:
        return (*self.at, key), message, hint


def warnings(host: Host, settings: Settings, facts: Facts) -> Iterator[Words]:
    for given in (*_all(settings.limits), *_chosen(settings)):
        yield from _one_server(host, given, facts, settings.limits.memory_bytes(facts.memory))
    if any(given.says(key) for given in _all(settings.limits) for key in ("memory", "processes")):
        limits = _limits_of_all(host, settings, facts)
        yield from _memory_of_all(settings.limits, facts, limits)
        yield from _processes_of_all(host, settings.limits, limits)
    yield from _strangers(host, settings.limits)
    yield from _hidden(host, settings)
    yield from _gpus(settings, facts)


def _all(limits: Limits) -> Iterator[Given]:
    yield Given(("limits",), limits)
    for kind, lines in (("groups", limits.groups), ("users", limits.users)):
        for name, line in lines.items():
            yield Given(("limits", kind, name), line)


def _chosen(settings: Settings) -> Iterator[Given]:
    """What profiles give, and each of their choices."""
    yield from (Given(at, gives) for at, gives in all_that_is_given(settings.profiles))


def _one_server(host: Host, given: Given, facts: Facts, usual: int) -> Iterator[Words]:
    """What no server can get. `usual`: everybody's memory, in bytes."""
    here = f"this machine has {size(facts.memory)}"
    memory, shm, cpu, processes = map(given.says, ("memory", "shm", "cpu", "processes"))
    if memory and memory > facts.memory:
        hint = f"try {size(facts.memory // 2)} or less"
        yield given.words("memory", f"{size(memory)} for each server, but {here}", hint)
    if cpu and cpu > facts.cpus:
        there = f"{facts.cpus} core{'' if facts.cpus == 1 else 's'}"
        message = f"{cpu:g} cores for each server, but this machine has {there}"
        yield given.words("cpu", message, f"try {facts.cpus} or less")
    if shm and not memory and given.at == ("limits",) and shm > usual:
        message = f"{size(shm)}, but a server has {size(usual)} of memory by default on this machine and gets no more"
        yield given.words("shm", message, f"try {size(usual)} or less, or set limits.memory")
    elif shm and shm > facts.memory:
        hint = f"try {size(facts.memory // 4)} or less"
        yield given.words("shm", f"{size(shm)} for each server, but {here}", hint)
    if processes and processes > (most := _most_processes(host)):
        yield given.words("processes", f"{processes} for each server, but {_kernels(most)}", f"try {most // 4} or less")


def _limits_of_all(host: Host, settings: Settings, facts: Facts) -> list[ServerLimits]:
    """Of each person who may log in."""
    everyones = ServerLimits(**settings.limits.everyones(facts.memory))
    others = OtherLimits(**settings.limits.others())
    members = {group: accounts.members(host, [group]) for group in others.groups}
    return [
        others.of_member(name, [group for group, there in members.items() if name in there], everyones)
        for name in who_may_log_in(host, settings, facts)
    ]


def _memory_of_all(limits: Limits, facts: Facts, people: list[ServerLimits]) -> Iterator[Words]:
    """The default is not warned about, nor counted: it is a share of the machine, and most people need less."""
    said = [given for given in _all(limits) if given.says("memory")]
    if not said or any(given.says("memory") > facts.memory for given in said):
        return
    usual = None if limits.memory else limits.memory_bytes(facts.memory)
    sizes = [one.memory * (1 + (one.servers or 0)) for one in people if one.memory and one.memory != usual]
    total = sum(sizes)
    if total <= facts.memory:
        return
    if len(set(sizes)) == 1 and not any(one.servers for one in people):
        words = f"{size(sizes[0])} for each of {len(sizes)} people is {size(total)}"
    else:
        words = f"{len(sizes)} people have {size(total)} together"
    yield said[0].words(
        "memory",
        f"{words}, but this machine has {size(facts.memory)}: if many of them use that much at once, the kernel ends"
        " some of their processes",
        f"try {_share(facts.memory, len(sizes))}, or fewer people, or leave it if few work at the same time",
    )


def _share(memory: int, number: int) -> str:
    return f"{size(max(128 * MIB, memory // number // MIB * MIB))} or less"


def _processes_of_all(host: Host, limits: Limits, people: list[ServerLimits]) -> Iterator[Words]:
    said, most = [given for given in _all(limits) if given.says("processes")], _most_processes(host)
    if not said or any(given.says("processes") > most for given in said):
        return
    numbers = [one.processes for one in people]
    if (total := sum(numbers)) <= most:
        return
    together = (
        f"{numbers[0]} for each of {len(numbers)} people is {total}"
        if len(set(numbers)) == 1
        else f"{len(numbers)} people can have {total} together"
    )
    hint = f"try {max(64, most // len(numbers))} or less, or a larger kernel.pid_max (sysctl)"
    yield said[0].words("processes", f"{together}, but {_kernels(most)}", hint)


def _most_processes(host: Host) -> int:
    """The kernel numbers all processes and threads of the machine up to pid_max (proc(5))."""
    text = host.text("/proc/sys/kernel/pid_max").strip()
    return int(text) if text.isdigit() else 1 << 62


def _kernels(most: int) -> str:
    return f"this machine can have {most} processes and threads in all (kernel.pid_max)"


def _strangers(host: Host, limits: Limits) -> Iterator[Words]:
    """Lines that hold for nobody."""
    for name in limits.groups:
        if not accounts.has_group(host, name):
            yield (
                ("limits", "groups", name), f"there is no group {name} on this machine, so that it changes nothing",
                "try the name as `getent group` shows it, or leave it if the group will be created later",
            )  # fmt: skip
    found = accounts.find(host, list(limits.users))
    for name in limits.users:
        if name not in found or found[name][0] != name:
            own = f"did you mean {found[name][0]}?" if name in found else (
                "try the name as `getent passwd` shows it, or leave it if the account will be created later"
            )  # fmt: skip
            words = f"there is no account {name} on this machine, so that it changes nothing"
            yield ("limits", "users", name), words, own


def _hidden(host: Host, settings: Settings) -> Iterator[Words]:
    """Profiles that nobody sees."""
    for index, profile in enumerate(settings.profiles):
        for number, name in enumerate(profile.groups):
            if not accounts.has_group(host, name):
                yield (
                    ("profiles", index, "groups", number), f"there is no group {name} on this machine",
                    "try the name as `getent group` shows it, or leave it if the group will be created later",
                )  # fmt: skip


def _gpus(settings: Settings, facts: Facts) -> Iterator[Words]:
    """More of them than there are."""
    there = facts.gpus if settings.spawner.gpus is None else settings.spawner.gpus
    for at, gives in all_that_is_given(settings.profiles):
        if gives.gpus and gives.gpus > len(there):
            has = f"{len(there)} that can be lent" if there else "none that `nvidia-smi -L` or spawner.gpus names"
            hint = "try fewer, or check the driver, or set spawner.gpus"
            yield (*at, "gpus"), f"{gives.gpus} for each server, but this machine has {has}", hint


def who_may_log_in(host: Host, settings: Settings, facts: Facts) -> set[str]:
    users, (names, groups) = settings.users, settings.let_in
    if settings.everyone:
        there = {person.name for person in accounts.people(host, *users.uids(facts.uid_min))}
    else:
        there = accounts.members(host, groups).union(names)
    return there.union(users.admin) - set(users.banned) - accounts.members(host, users.banned_groups)


def size(number: int) -> str:
    """Bytes as config.yaml takes them: rounded down to a tenth of the unit, so that a size that is tried is small
    enough.
    """
    unit, name = (GIB, "G") if number >= GIB else (MIB, "M")
    return f"{number * 10 // unit / 10:g}{name}"
