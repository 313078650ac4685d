"""Settings that will hardly do what they were meant to, although nothing prevents them on this machine.

`plan`, `apply` and `status` show them; they stop nothing. A new warning is one more function in `CHECKS`.
"""

from collections.abc import Callable, Iterator

from hubinstall.machine.accounts import members, people
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.preflight import logins, names, quotas, way_out
from hubinstall.preflight.checks import Problem
from hubinstall.settings.model import Settings

MIB = 1 << 20
GIB = 1 << 30


def warnings(host: Host, settings: Settings, facts: Facts) -> list[Problem]:
    """Everything that people should know, in the form of problems: with a key, `message` and `hint` are phrases as in
    config/problems.py; without one, they are sentences.
    """
    return [warning for check in CHECKS for warning in check(host, settings, facts)]


def _memory(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    """More than the machine has: alone, or if all people use their servers at once. The default is not warned about:
    it is a share of the machine, and most people need less.
    """
    limit = settings.limits.memory
    if limit is None:
        return
    here = f"this machine has {size(facts.memory)}"
    if limit > facts.memory:
        yield _limit("memory", f"{size(limit)} for each server, but {here}", f"try {size(facts.memory // 2)} or less")
    elif (number := len(_who_may_log_in(host, settings, facts))) * limit > facts.memory:
        yield _limit(
            "memory",
            f"{size(limit)} for each of {number} people is {size(number * limit)}, but {here}: if many of them use that"
            " much at once, the kernel ends some of their processes",
            f"try {_share(facts.memory, number)}, or fewer people, or leave it if few work at the same time",
        )


def _share(memory: int, number: int) -> str:
    return f"{size(max(128 * MIB, memory // number // MIB * MIB))} or less"


def _cpu(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """Cores are shared in time, so that the sum over people says nothing."""
    if settings.limits.cpu > facts.cpus:
        there = f"{facts.cpus} core{'' if facts.cpus == 1 else 's'}"
        yield _limit("cpu", f"{settings.limits.cpu:g} cores for each server, but this machine has {there}",
                     f"try {facts.cpus} or less")  # fmt: skip


def _shm(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """The directory is never larger than the server's memory, which without a setting depends on the machine."""
    shm, memory = settings.limits.shm, settings.limits.memory_bytes(facts.memory)
    if shm is not None and shm > memory:
        yield _limit("shm", f"{size(shm)}, but a server has {size(memory)} of memory by default on this machine and"
                     f" gets no more", f"try {size(memory)} or less, or set limits.memory")  # fmt: skip
    elif shm is not None and shm > facts.memory:
        yield _limit("shm", f"{size(shm)} for each server, but this machine has {size(facts.memory)}",
                     f"try {size(facts.memory // 4)} or less")  # fmt: skip


def _processes(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    """The kernel numbers all processes and threads of the machine up to pid_max (proc(5))."""
    text = host.text("/proc/sys/kernel/pid_max").strip()
    limit = settings.limits.processes
    if not text.isdigit() or "processes" not in settings.limits.model_fields_set:
        return
    most = int(text)
    number = len(_who_may_log_in(host, settings, facts))
    here = f"this machine can have {most} processes and threads in all (kernel.pid_max)"
    if limit > most:
        yield _limit("processes", f"{limit} for each server, but {here}", f"try {most // 4} or less")
    elif number * limit > most:
        yield _limit("processes", f"{limit} for each of {number} people is {number * limit}, but {here}",
                     f"try {max(64, most // number)} or less, or a larger kernel.pid_max (sysctl)")  # fmt: skip


def _certificate(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """What the file says of one way to a certificate while another one is used."""
    https = settings.https
    if https.mode is None and https.letsencrypt.email and settings.tls_mode != "letsencrypt":
        hint = "try setting `domain`, or https.mode: letsencrypt for a certificate for the machine's public address"
        yield Problem("has no effect: the hub has no name", hint, 0, ("https", "letsencrypt", "email"))
    if https.tls.cert and settings.tls_mode != "manual":
        why = f"has no effect: the certificate is {settings.tls_mode}"
        yield Problem(why, "try setting https.mode: manual, or leave it out", 0, ("https", "tls"))


def _names(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    uids = settings.users.uids(facts.uid_min)
    for at, message, hint in (*names.warnings(host, settings, facts.uid_min), *logins.warnings(host, settings, *uids)):
        yield Problem(message, hint, code=0, at=at)
    for message, hint in (*names.in_the_way(host, *uids), *names.for_containers(host, *uids)):
        yield Problem(message, hint, code=0)


def _quotas(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    for at, message, hint in quotas.warnings(host, settings, settings.users.uids(facts.uid_min)):
        yield Problem(message, hint, code=0, at=at)


def _way_out(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    for at, message, hint in way_out.warnings(settings, facts):
        yield Problem(message, hint, code=0, at=at)


def _closed(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """pam_nologin(8): while one of these exists, nobody but root can log in anywhere."""
    for path in ("/run/nologin", "/etc/nologin"):
        if host.exists(path):
            yield Problem(
                f"nobody can log in to the hub while {path} exists (people who are logged in stay)",
                f"Remove {path} when people may log in again.",
                code=0,
            )


def _drop_ins(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """What the hub found when it started, because only JupyterHub knows its settings; a file may have changed since."""
    for one in hub_report(host).still(facts.dropins):
        yield Problem(f"{one.place}: {one.message}", f"{one.hint[:1].upper()}{one.hint[1:]}", code=0)


def _limit(key: str, message: str, hint: str) -> Problem:
    return Problem(message, hint, code=0, at=("limits", key))


def _who_may_log_in(host: Host, settings: Settings, facts: Facts) -> set[str]:
    users, (names, groups) = settings.users, settings.let_in
    if users.everyone:
        there = {person.name for person in people(host, *users.uids(facts.uid_min))}
    else:
        there = members(host, groups).union(names)
    return there.union(users.admin) - set(users.banned)


def size(number: int) -> str:
    """Bytes as config.yaml takes them: rounded down to a tenth of the unit, so that a size that is tried is small
    enough.
    """
    unit, name = (GIB, "G") if number >= GIB else (MIB, "M")
    return f"{number * 10 // unit / 10:g}{name}"


CHECKS: tuple[Callable[[Host, Settings, Facts], Iterator[Problem]], ...] = (
    _memory, _cpu, _shm, _processes, _certificate, _way_out, _closed, _names, _quotas, _drop_ins,
)  # fmt: skip
