"""`/course/NAME`: through the login and a start of the person's server to the material of a course, in JupyterLab.

Who has no account learns nothing here: the login comes first, whatever the name is.
"""

import asyncio
from pathlib import Path
from typing import Any

from jupyterhub.utils import url_path_join
from tornado.httputil import url_concat
from tornado.web import HTTPError, authenticated

from hubinstall import layout
from hubinstall.hubside import ended_courses, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.courses import Course
from hubinstall.hubside.profile_starts import ProfileStarts
from hubinstall.hubside.profiles import PROFILE, named
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.start_handlers import StartHandler

RESTART = (
    "Your server was started before you were in the course {title}, and does not have it yet. Stop your server on your"
    " page (Home), then open this address again."
)


OTHER_SOFTWARE = (
    "Your server runs without the software of the course {title}. Stop your server on your page (Home), then open this"
    " address again."
)


class CourseHandler(StartHandler):
    """The default server: with the course's own software, or as JupyterHub's page starts it, with its form if there is
    one.
    """

    def initialize(self, hub_settings: HubSettings) -> None:
        self._hub_settings = hub_settings

    @authenticated  # type: ignore[untyped-decorator]
    async def get(self, name: str) -> None:
        course = next((one for one in self._hub_settings.courses if one.name == name), None)
        if course is None and await asyncio.to_thread(has_ended, name, self.current_user.name):
            self.redirect(url_path_join(self.hub.base_url, "home"))  # which has the files
            return
        if course is None:
            raise HTTPError(404, "%s", "There is no course at this address. Ask your teacher for the right one.")
        user: Any = self.current_user
        if not await asyncio.to_thread(is_in, self._hub_settings, course, user.name):
            raise HTTPError(403, "%s", not_in(course))
        if user.spawner.ready and await asyncio.to_thread(started_before, course, user.name):
            raise HTTPError(409, "%s", RESTART.format(title=course.title))
        following = {"next": url_path_join(user.url, "lab/tree", course.name)}
        chosen = await asyncio.to_thread(choice_of, user.spawner, course)
        if chosen and user.spawner.ready and await asyncio.to_thread(user.spawner.slug_now) != course.name:
            raise HTTPError(409, "%s", OTHER_SOFTWARE.format(title=course.title))
        if chosen and not user.spawner.active:
            pending = url_path_join(self.hub.base_url, "spawn-pending", user.escaped_name)
            await self._wrap_spawn_single_user(
                user, "", "", user.spawner, url_concat(pending, following), options={PROFILE: course.name}
            )
            return
        self.redirect(url_concat(url_path_join(self.hub.base_url, "spawn", user.escaped_name), following))


def is_in(settings: HubSettings, course: Course, name: str) -> bool:
    """Whether the account is a member of the course or teaches it. Asks the host; a directory may take seconds."""
    rights.memberships.ask_again(name)  # who was just added need not wait for a minute
    return rights.lists(settings, course.teachers, name) or rights.memberships.has(course.groups, name)


def has_ended(course: str, name: str) -> bool:
    """Whether the account was in a course that is no more, and whose files can still be fetched."""
    return any(one.course == course for one in ended_courses.of(name))


def choice_of(spawner: Any, course: Course) -> bool:
    """Whether the course is a choice at the start of this server. A drop-in's class has choices of its own."""
    return isinstance(spawner, ProfileStarts) and bool(named(spawner.offered_profiles(), course.name))


def started_before(course: Course, name: str) -> bool:
    """Whether a running server is in none of the course's groups, as its own /etc/group says, so that it shows nothing
    of it. Not, if that cannot be known.
    """
    account = Account.brief(name)
    try:
        text = Path(f"{layout.SERVER_ACCOUNTS}/{account.uid}.group").read_text("utf-8") if account else ""
    except (OSError, ValueError):
        return False
    return bool(text) and {line.partition(":")[0] for line in text.splitlines()}.isdisjoint(course.groups)


def not_in(course: Course) -> str:
    """Whom to ask, in words for somebody who is not in the course."""
    whom = " or ".join(course.teachers) or "the people who run this hub"
    return f"Your account is not in the course {course.title}. To get in, ask {whom}."


def handlers(settings: HubSettings) -> list[tuple[str, type, dict[str, Any]]]:
    """None without a course, so that such an address means what it means elsewhere."""
    ended = ended_courses.handlers()
    page = (r"/course/([^/]+)/?", CourseHandler, {"hub_settings": settings})
    return [page, *ended] if settings.courses or ended else []
