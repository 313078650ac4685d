"""`courses`: one name from which a group of the machine, its teachers and its shares follow."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall.settings.environments import DEFAULT
from hubinstall.settings.profiles import Profile
from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.shares import GroupAccess, Share
from hubinstall.settings.types import Accounts, CourseName, EnvironmentName, Title
from hubinstall.settings.values.names import COLLECTED, EXCHANGE, GRADING, HAND_IN, TEACHERS
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
    environment: EnvironmentName | None = Field(
        None,
        description="The environment of its members' and teachers' servers: one of `environments`, or one that"
        " `hubinstall environment add` has made. Then each course is a choice at the start of its people's servers,"
        " and who is in one course only is not asked. Default: default.",
        examples=["stats"],
    )

    nbgrader: bool = Field(
        False,
        description="Whether assignments are handed out, collected and graded with nbgrader, which is in the course's"
        " environment. Default for that is then nbgrader.",
        examples=[True],
    )

    @property
    def own_environment(self) -> str | None:
        """The environment of its people's servers; None if it is that of everyone."""
        return self.environment or (NBGRADER if self.nbgrader else None)


def _map(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of courses, not {type_name(value)}", "try `course-101: {teachers: [alice]}`")


Courses = Annotated[dict[CourseName, Course], BeforeValidator(_map)]
"""The name of a course, which is that of the group of its members, too → the rest."""


NBGRADER = "nbgrader"
"""The environment of a course with nbgrader that names no other."""


def teachers_group(name: str) -> str:
    """The group of a course's teachers, whose members are those that config.yaml names."""
    return f"{name}{TEACHERS}"


def hand_in(name: str) -> str:
    """The share of a course into which its members put what only its teachers read."""
    return f"{name}{HAND_IN}"


def collected(name: str) -> str:
    """The share of a course with what was handed in and then collected, for its teachers."""
    return f"{name}{COLLECTED}"


def grading(name: str) -> str:
    """The share of a course in which its teachers keep what nbgrader grades, and the gradebook."""
    return f"{name}{GRADING}"


def exchange(name: str) -> str:
    """The directory beside the shares through which nbgrader's assignments, submissions and feedback go."""
    return f"{name}{EXCHANGE}"


def shares_of(courses: Courses) -> dict[str, Share]:
    """Three for each: what its teachers write and its members read, what members put in and teachers read, and what
    root has collected of it for the teachers. With nbgrader, also where they grade.
    """
    found = {}
    for name, course in courses.items():
        teachers = teachers_group(name)
        found[name] = Share(access=GroupAccess(group=teachers), readers=name)
        found[hand_in(name)] = Share(access="drop-box", readers=teachers, members=name)
        found[collected(name)] = Share(readers=teachers)
        if course.nbgrader:
            found[grading(name)] = Share(access=GroupAccess(group=teachers), readers=teachers)
    return found


def choices_of(courses: Courses) -> list[dict[str, Any]]:
    """The courses as profiles, in the form of settings/profiles.py; none as long as no course has software of its own.

    Then the others are choices, too: who is in one of each must be able to choose.
    """
    if not any(course.own_environment for course in courses.values()):
        return []
    return [
        {
            "slug": name, "display_name": course.title or name, "description": "", "default": False,
            "groups": (name, teachers_group(name)), "gives": {"environment": course.own_environment or DEFAULT},
            "options": {},
        }
        for name, course in courses.items()
    ]  # fmt: skip


def choice_conflicts(courses: Courses, profiles: tuple[Profile, ...]) -> list[Conflict]:
    """Profiles with the name under which a course is a choice."""
    names = {choice["slug"] for choice in choices_of(courses)}
    return [
        Conflict(
            ("profiles", index), ("courses", "profiles"), f"has the slug {one.name}, which the course {one.name} has",
            "try another slug",
        )
        for index, one in enumerate(profiles)
        if one.name in names
    ]  # fmt: skip


def names_of(name: str, course: Course) -> tuple[str, ...]:
    """Its directories; that with its own name is the first."""
    of_nbgrader = (grading(name), exchange(name)) if course.nbgrader else ()
    return (name, hand_in(name), collected(name), *of_nbgrader)


def course_conflicts(courses: Courses, shares: dict[str, Share], teachers: dict[str, Any]) -> list[Conflict]:
    """Names that a course brings, and that config.yaml gives a second meaning."""
    found = []
    for name, course in courses.items():
        taken = f"is a share of the course {name} already"
        found += [
            Conflict(("shares", share), ("courses", "shares"), taken, "try another name")
            for share in names_of(name, course)
            if share in shares
        ]
        found += [
            Conflict(("courses", other), ("courses",), f"is a directory of the course {name}", "try another name")
            for other in names_of(name, course)[1:]
            if other in courses
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
