"""What the buttons in JupyterLab do for people of a course: hand in, hand out and collect.

An extension of Jupyter's server. It has the rights of the server's owner and no others: what somebody may put where
and read, the shares themselves say. The hub says of which courses its owner is (hubside/courses.py); who is in
none has neither buttons nor these addresses.
"""

import asyncio
import json
import os
import time
from dataclasses import dataclass
from typing import Any

import hubinstall_handing as handing

VARIABLE = "HUBINSTALL_COURSES"
PAGE = "hubinstallCourses"
"""In JupyterLab's page, for the labextension hubinstall-courses."""
SHARES = "/srv/data"
COLLECTED = "collected"
"""A folder in a teacher's home."""


@dataclass(frozen=True)
class Course:
    """`name`: of its shares, too."""

    name: str
    title: str
    teaches: bool


def courses(text: str) -> dict[str, Course]:
    """Those of the variable; none if it is not what the hub writes."""
    try:
        found = [Course(str(one["name"]), str(one["title"]), bool(one["teaches"])) for one in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        return {}
    return {one.name: one for one in found if one.name and not {"/", "\0"} & set(one.name) and one.name[0] != "."}


def done(course: Course, verb: str, root: str, path: str) -> str:
    """Do it, and say what was done. Raises RefusedError, OSError."""
    if verb == "collect":
        folder = os.path.join(os.path.expanduser("~"), COLLECTED, course.name)
        place, people = handing.collect(f"{SHARES}/{course.name}-hand-in", folder)
        return collected(place.removeprefix(f"{os.path.expanduser('~')}/"), people)
    source = handing.chosen(root, path)
    name = os.path.basename(source)
    if verb == "hand-out":
        told = handing.hand_out(source, f"{SHARES}/{course.name}")
        again = f", {told.same} of them the same already" if told.same else ""
        said = f"{name} is in the material of {course.title}: {counted(told.files, 'file')}{again}."
    else:
        told = handing.hand_in(source, f"{SHARES}/{course.name}-hand-in", os.environ["USER"])
        said = f"You have handed in {name} to {course.title}: {counted(told.files, 'file')}, {size(told.size)}."
        said += f" It came at {time.strftime('%H:%M:%S')}, and is there as {told.place}."
    return said + left_out(told)


def collected(place: str, people: dict[str, handing.Copied]) -> str:
    if not people:
        return "Nobody has handed in."
    said = [f"{name}: {counted(told.files, 'file')}.{left_out(told)}" for name, told in sorted(people.items())]
    return "\n".join([f"Copied to {place}, with a list ({handing.LIST}).", *said])


def left_out(told: handing.Copied) -> str:
    more = [f"{told.left_more} more"] if told.left_more else []
    return f" Left out: {'; '.join([*told.left, *more])}." if told.left else ""


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return counted(count, "byte")


def handler(mine: dict[str, Course]) -> type:
    """The class that answers; Jupyter's are loaded by now."""
    from jupyter_server.base.handlers import APIHandler  # noqa: PLC0415 - only where somebody is in a course
    from tornado.web import HTTPError, authenticated  # noqa: PLC0415

    class CourseHandler(APIHandler):
        @authenticated
        async def post(self, name: str, verb: str) -> None:
            course = mine.get(name)
            if course is None or course.teaches == (verb == "hand-in"):
                raise HTTPError(404, reason="There is no such course in this server")
            path = str((self.get_json_body() or {}).get("path") or "")
            root = self.contents_manager.root_dir
            try:
                said = await asyncio.to_thread(done, course, verb, root, path)
            except handing.RefusedError as error:
                self.set_status(409)
                said = str(error)
            except OSError as error:
                self.log.warning("%s %s: %s", verb, name, error)
                self.set_status(409)
                said = f"That was not possible: {handing.words(error)}."
            self.finish(json.dumps({"message": said}))

    return CourseHandler


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hubinstall_courses"}]


def _load_jupyter_server_extension(app: Any) -> None:
    mine = courses(os.environ.get(VARIABLE, "[]"))
    if not mine:
        return
    base = app.web_app.settings["base_url"].rstrip("/")
    route = rf"{base}/hubinstall/courses/([^/]+)/(hand-in|hand-out|collect)"
    app.web_app.add_handlers(".*$", [(route, handler(mine))])
    page = app.web_app.settings.setdefault("page_config_data", {})
    page[PAGE] = json.dumps([vars(one) for one in mine.values()])
