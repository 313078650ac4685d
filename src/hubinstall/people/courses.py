"""Who is in a course: the members of its group on this machine."""

from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall.errors import UserError
from hubinstall.machine.accounts import find, group, groups, members
from hubinstall.machine.host import Host
from hubinstall.resources.accounts.account import manage
from hubinstall.settings.courses import hand_in
from hubinstall.settings.model import Settings
from hubinstall.settings.rooms import account


@dataclass(frozen=True)
class Listed:
    """A course as `hubinstall course list` shows it. `students`: accounts that are in its group and do not teach it."""

    name: str
    title: str
    teachers: list[str]
    students: list[str]
    material: str
    hand_in: str


def listed(host: Host, settings: Settings) -> list[Listed]:
    """All courses of config.yaml."""
    return [
        Listed(name, course.title or name, list(course.teachers), students(host, settings, name), name, hand_in(name))
        for name, course in settings.courses.items()
    ]


def students(host: Host, settings: Settings, course: str) -> list[str]:
    """In the order of their names."""
    teachers = {row[0] for row in find(host, settings.courses[course].teachers).values()}
    return sorted(members(host, [course]) - teachers - set(map(account, settings.rooms)))


def missing(host: Host, course: str, names: Iterable[str]) -> list[str]:
    """Those of `names` who are not in the group of the course, or not yet because it is not there."""
    return sorted(set(names) - members(host, [course]))


def make_group(host: Host, course: str) -> None:
    """Raises UserError if it is one of a directory, whose members are not ours to change."""
    if group(host, course) is None:
        manage(host, "groupadd", course)
    elif course not in groups(host):
        raise UserError(
            f"the group {course} is one of a directory (LDAP, SSSD)",
            "Put people into it there, and leave out --students; or give the course another name.",
            2,
        )


def enrol(host: Host, course: str, names: Iterable[str]) -> None:
    """Put accounts into the group of the course, all at once, so that a killed run has added all of them or none."""
    there = [name for name in groups(host)[course][3].split(",") if name]
    everyone = dict.fromkeys([*there, *names])
    manage(host, "gpasswd", "--members", ",".join(everyone), course)
