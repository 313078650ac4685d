"""nbgrader in the servers of a course's people: its configuration, which says the course and what each may do.

What people may do is decided by the modes of the course's directories; the configuration only shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.hubside.accounts import Account, group_ids
from hubinstall.hubside.profiles import Chosen

SOURCE = f"{layout.HUBSIDE}/hubinstall/hubside/nbgrader"


@dataclass(frozen=True)
class Grading:
    """`teaches`: whether the owner of the server is in the group of the course's teachers."""

    course: str
    teaches: bool

    def environment(self) -> dict[str, str]:
        """The paths come before a person's own settings (jupyter_core.paths, JUPYTER_CONFIG_PATH)."""
        role = "teacher" if self.teaches else "student"
        place = layout.NBGRADER_CONFIG
        return {
            "HUBINSTALL_COURSE": self.course,
            "HUBINSTALL_EXCHANGE": f"{layout.SHARED_DATA}/{self.course}-exchange",
            "JUPYTER_CONFIG_PATH": f"{place}/{role}:{place}",
        }


def grading(chosen: Chosen | None, courses: Mapping[str, str], account: Account) -> Grading | None:
    """Of a server that was started with this choice. `courses`: those with nbgrader → the group of their teachers."""
    course = chosen.profile.slug if chosen else ""
    if course not in courses:
        return None
    return Grading(course, teaches=not account.gids.isdisjoint(group_ids([courses[course]]).values()))
