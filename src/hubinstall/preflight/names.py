"""The names in config.yaml against the accounts and groups of this machine. Only the standard library (checks.py)."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hubinstall import layout
from hubinstall.machine import accounts
from hubinstall.machine.host import Host

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

At = tuple[str | int, ...]
Words = tuple[At, str, str]
"""A key, what is wrong there, and what to do, as in preflight.checks.Problem."""
NO_EFFECT = {
    "allowed": "so that it lets nobody in",
    "banned": "so that it bans nobody",
}
GROUPS_WITHOUT_EFFECT = {
    "admin_groups": "so that it makes nobody an administrator",
    "allowed_groups": "so that it lets nobody in",
    "banned_groups": "so that it bans nobody",
}


def problems(host: Host, settings: "Settings", least: int) -> Iterator[Words]:
    """What cannot become true: a system account as a person, and a name that is not there and is not created. `least`:
    where people's numbers begin on this machine.
    """
    uids = settings.users.uids(least)
    found = accounts.find(host, settings.let_in[0])
    lists: dict[At, tuple[str, ...]] = {("users", key): getattr(settings.users, key) for key in ("admin", "allowed")}
    for place, names in (lists | settings.teacher_lists).items():
        for index, name in enumerate(names):
            at = (*place, index)
            if name in found and not accounts.is_person(int(found[name][2]), *uids):
                yield _no_person(at, name, int(found[name][2]), uids)
            elif name not in found and place == ("users", "admin") and not accounts.CREATABLE.fullmatch(name):
                lower = name.lower()
                other = f"{lower}, or " if accounts.CREATABLE.fullmatch(lower) else ""
                words = f"there is no account {name}, and none is created with such a name"
                yield at, words, f"try {other}creating it first (useradd -m), or an existing account's name"
    yield from _group_problems(host, settings, least)
    yield from _environment_problems(host, settings)


def _group_problems(host: Host, settings: "Settings", least: int) -> Iterator[Words]:
    for name, share in settings.shares.items():
        named: dict[At, str | None] = {
            ("access", "group"): share.group, ("readers",): share.readers, ("members",): share.members,
        }  # fmt: skip
        for place, group in named.items():
            if group and not accounts.CREATABLE.fullmatch(group) and not accounts.has_group(host, group):
                words = f"there is no group {group}, and none is created with such a name"
                yield ("shares", name, *place), words, "try creating it first (groupadd), or another group"
    for name, groups in settings.course_groups.items():
        for group in groups:
            if why := no_group_of_people(host, group, least):
                yield ("courses", name), why, "try another name for the course"


def _environment_problems(host: Host, settings: "Settings") -> Iterator[Words]:
    """Environments of courses, which are in config.yaml, or have packages."""
    known = sorted({"default", *settings.environments, *host.names(layout.ENVIRONMENTS)})
    for name, course in settings.courses.items():
        environment = course.own_environment
        add = f"hubinstall environment add --environment {environment}"
        if course.environment and environment not in known:
            words = f"there is no environment {environment}, only {', '.join(known)}"
            yield ("courses", name, "environment"), words, f"try making it first: `{add} PACKAGE`"
        elif course.nbgrader and not has_nbgrader(host, settings, environment or ""):
            words = f"is not in the environment {environment} of the course"
            hint = f"try `{add} nbgrader`, or `hubinstall course add {name} --nbgrader`"
            yield ("courses", name, "nbgrader"), words, hint


def has_nbgrader(host: Host, settings: "Settings", environment: str) -> bool:
    """Whether an environment has it, as far as can be known: an image or folder of the administrator's may bring it."""
    named = settings.environments.get(environment)
    if settings.environment.image or (named and (named.base != "default" or named.folder)):
        return True
    locked = host.text(f"{layout.ENVIRONMENTS}/{environment}/{layout.REQUIREMENTS}").splitlines()
    return any(re.match(r"nbgrader(?![\w.-])", line) for line in (*locked, *(named.python if named else ())))


def no_group_of_people(host: Host, name: str, least: int) -> str:
    """Why a group that exists cannot be a course's; empty if it can, or can be made. `least`: where people's begin."""
    row = accounts.group(host, name)
    if row is None:
        return ""
    if int(row[2]) < least:
        return f"{name} is a group of the system: its members may do more here than people of the hub"
    owner = next((one[0] for one in accounts.accounts(host).values() if one[3] == row[2]), "")
    return f"{name} is the own group of the account {owner}" if owner else ""


def _no_person(at: At, name: str, uid: int, uids: tuple[int, int]) -> Words:
    return (
        at,
        f"{name} is a system account (UID {uid}); only people can log in to the hub",
        f"try the name of a person; people have UIDs from {uids[0]} to {uids[1]} (users.uid_min, users.uid_max)",
    )


def warnings(host: Host, settings: "Settings", least: int) -> Iterator[Words]:
    """Names that stand for nobody. Administrators are created."""
    people = {person.name for person in accounts.homes(host, *settings.users.uids(least))}
    listed: dict[At, tuple[tuple[str, ...], str]] = {
        ("users", key): (getattr(settings.users, key), without) for key, without in NO_EFFECT.items()
    }
    listed |= {place: (names, "so that nobody teaches by it") for place, names in settings.teacher_lists.items()}
    listed["services", "cull", "except_users"] = settings.services.cull.except_users, "so that it excepts nobody"
    if settings.auth.from_elsewhere:
        listed = {}  # people get accounts when they sign on
    found = accounts.find(host, [name for names, _ in listed.values() for name in names])
    for place, (names, without) in listed.items():
        for index, name in enumerate(names):
            if name not in found:
                message = f"there is no account {name} on this machine, {without}"
                yield (*place, index), message, _advice(people, name, "passwd", "account")
    for at, name, without in _groups(settings):
        if not accounts.has_group(host, name):
            message = f"there is no group {name} on this machine, {without}"
            yield at, message, _advice(accounts.groups(host), name, "group", "group")


def _groups(settings: "Settings") -> Iterator[Words]:
    """Key, group, and what it means if there is none."""
    for key, without in GROUPS_WITHOUT_EFFECT.items():
        for index, name in enumerate(getattr(settings.users, key)):
            yield ("users", key, index), name, without
    for index, name in enumerate(settings.services.cull.except_groups):
        yield ("services", "cull", "except_groups", index), name, "so that it excepts nobody"
    for name in settings.teachers:
        yield ("teachers", name), name, "so that nobody's server is seen by its teachers"


def _advice(names: Iterable[str], name: str, table: str, kind: str) -> str:
    there = {one.lower(): one for one in names}
    if near := difflib.get_close_matches(name.lower(), there, n=1, cutoff=0.8):
        return f"did you mean {there[near[0]]}?"
    return f"try the name as `getent {table}` shows it, or leave it if the {kind} will be created later"


def in_the_way(host: Host, least: int, most: int) -> Iterator[tuple[str, str]]:
    """Accounts whose homes contain others' homes, which they could replace: these people's servers do not start."""
    people = accounts.homes(host, least, most)
    homes = {person.home for person in people}
    inside: dict[str, list[str]] = {}
    for person in people:
        parts = person.home.split("/")
        for above in {"/".join(parts[:end]) for end in range(2, len(parts))} & homes:
            inside.setdefault(above, []).append(person.name)
    for person in people:
        others = inside.get(person.home, [])
        if others and not accounts.only_root_writes(host, person.home):
            some = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
            words = (
                f"{person.home} is the home of {person.name} and contains the homes of {some}: their servers do not "
                f"start, because {person.name} could replace these homes"
            )
            yield (
                words,
                f"Give {person.name} another home (usermod -d -m), or the directory to root (chown, chmod go-w).",
            )


def for_containers(host: Host, least: int, most: int) -> Iterator[tuple[str, str]]:
    """People whose numbers /etc/subuid gives to containers of somebody else, who can act as them."""
    rows = [line.split(":") for line in host.text("/etc/subuid").splitlines()]
    ranges = [
        (r[0], range(int(r[1]), int(r[1]) + int(r[2]))) for r in rows if len(r) == 3 and (r[1] + r[2]).isdecimal()
    ]
    first = min((numbers.start for _, numbers in ranges), default=0)
    for person in (person for person in accounts.homes(host, least, most) if person.uid >= first):
        for owner, numbers in ranges:
            if person.uid in numbers and owner != person.name:
                span = f"{numbers.start}-{numbers.stop - 1}"
                words = f"{owner} can act as {person.name} (UID {person.uid}): /etc/subuid gives {span} to {owner}"
                yield words, f"Run: usermod -V {span} {owner}"
