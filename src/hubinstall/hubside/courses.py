"""The courses that the hub knows of (hub.json)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall.hubside.accounts import Account, group_ids

VARIABLE = "HUBINSTALL_COURSES"


@dataclass(frozen=True)
class Course:
    """`name`: that of the share with its material. `groups`: of its members, and of its teachers. `teachers`: names of
    config.yaml.
    """

    name: str
    title: str
    groups: tuple[str, ...]
    teachers: tuple[str, ...]


def variables(courses: Iterable[Course], account: Account) -> dict[str, str]:
    """What a server is told of its owner's courses, for the buttons in JupyterLab (the image's hubinstall_courses.py).
    It gives no rights: those are the groups' in the shares.
    """
    found = []
    for course in courses:
        members, teachers = (group_ids([group]).get(group, -1) in account.gids for group in course.groups)
        if members or teachers:
            found.append({"name": course.name, "title": course.title, "teaches": teachers})
    return {VARIABLE: json.dumps(found)} if found else {}
