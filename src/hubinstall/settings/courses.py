"""`courses`: one name from which a group of the machine, its teachers and its shares follow."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.shares import GroupAccess, Share
from hubinstall.settings.types import Accounts, CourseName, Title
from hubinstall.settings.values.names import COLLECTED, HAND_IN, TEACHERS
from hubinstall.settings.values.words import type_name, wrong


class Course(Section):
    title: Title | None = Field(
        None, description="What people call the course. Default: its name.", examples=["Statistics 101"]
    )
    teachers: Accounts = Field(
        (),
        description="Who teaches it: they write to its material and read what is handed in, and see, start, stop and"
        " open the servers of its members, as with `teachers`. They may log in.",
        examples=[["alice"]],
    )


def _map(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of courses, not {type_name(value)}", "try `course-101: {teachers: [alice]}`")


Courses = Annotated[dict[CourseName, Course], BeforeValidator(_map)]
"""The name of a course, which is that of the group of its members, too → the rest."""


def teachers_group(name: str) -> str:
    """The group of a course's teachers, whose members are those that config.yaml names."""
    return f"{name}{TEACHERS}"


def hand_in(name: str) -> str:
    """The share of a course into which its members put what only its teachers read."""
    return f"{name}{HAND_IN}"


def collected(name: str) -> str:
    """The share of a course with what was handed in and then collected, for its teachers."""
    return f"{name}{COLLECTED}"


def shares_of(courses: Courses) -> dict[str, Share]:
    """Three for each: what its teachers write and its members read, what members put in and teachers read, and what
    root has collected of it for the teachers.
    """
    found = {}
    for name in courses:
        teachers = teachers_group(name)
        found[name] = Share(access=GroupAccess(group=teachers), readers=name)
        found[hand_in(name)] = Share(access="drop-box", readers=teachers, members=name)
        found[collected(name)] = Share(readers=teachers)
    return found


def course_conflicts(courses: Courses, shares: dict[str, Share], teachers: dict[str, Any]) -> list[Conflict]:
    """Names that a course brings, and that config.yaml gives a second meaning."""
    found = []
    for name in courses:
        taken = f"is a share of the course {name} already"
        found += [
            Conflict(("shares", share), ("courses", "shares"), taken, "try another name")
            for share in (name, hand_in(name), collected(name))
            if share in shares
        ]
        found += [
            Conflict(
                ("teachers", group), ("courses", "teachers"), f"is a group of the course {name}",
                f"try leaving it out: courses.{name}.teachers says who teaches it",
            )
            for group in (name, teachers_group(name))
            if group in teachers
        ]  # fmt: skip
    return found
