"""The page on which those make one-time links for others who may open their servers: teachers, and administrators with
users.admin_access.

Who may do it for whom is the accounts helper's to say, which asks for the teacher's own password: a page of a student's
server may act with the cookies of a teacher who looks at it (docs/explanation/security.md), and the hub alone is not
to make links. The names that are proposed are those of people whom the teacher sees anyway.
"""

import asyncio
import time
from typing import Any

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError, authenticated

from hubinstall import layout
from hubinstall.hubside import helper, one_time_links, rights
from hubinstall.hubside.attempts import too_many
from hubinstall.hubside.one_time_links import Made
from hubinstall.hubside.own_password import in_words
from hubinstall.hubside.peers import origin
from hubinstall.hubside.settings import HubSettings


class ResetPasswordHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's pages take no tokens, and check the `_xsrf` of a form before it comes here."""

    @authenticated  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        self._refuse_others()
        await self._show()

    @authenticated  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        self._refuse_others()
        status, words, link = await self._make(self.get_body_argument("person", ""))
        self.set_status(status)
        await self._show(words, link)

    def _refuse_others(self) -> None:
        if not self.authenticator.makes_links(self.current_user.name):
            words = "Only teachers reset passwords here, and administrators where users.admin_access is true."
            raise HTTPError(403, words)

    async def _make(self, person: str) -> tuple[int, str, str]:
        """The answer's status; why there is no link, in words, or ""; and the link.

        A wrong password counts as a failed login of this teacher from this address.
        """
        door, name, address = self.authenticator, self.current_user.name, origin(self.request)
        password = self.get_body_argument("password", "", strip=False)
        if not (helper.can_check(name, password) and helper.can_check(person, "")):
            return 400, "Type a name and your own password.", ""
        if wait := door.attempts.begin(name, address, time.monotonic()):
            return 429, too_many(wait), ""
        try:
            found = await self._tried(name, address, password, person)
        except BaseException as error:
            door.attempts.undone(name, address)
            if words := in_words(error):
                return *words, ""
            raise
        if isinstance(found, Made):
            door.attempts.succeeded(name, address, time.monotonic())
            self.log.info("%s has made a link for %s, from %s", name, person, address)
            return 200, "", self._url(found)
        self.log.warning("%s may make no link for %.64r, from %s: %s", name, person, address, found.reason)
        if not found.words:
            return 403, "Your own password is not right.", ""
        door.attempts.succeeded(name, address, time.monotonic())
        return 403, found.words, ""

    async def _tried(self, name: str, address: str, password: str, person: str) -> Made | helper.Refusal:
        door, loop = self.authenticator, asyncio.get_running_loop()
        tried = door.attempts.failures(name, address, time.monotonic())
        async with door.turns.turn(address, tried):
            ask: Any = loop.run_in_executor(door.executor, one_time_links.make, name, password, person)
            found: Made | helper.Refusal = await ask
        return found

    def _url(self, made: Made) -> str:
        """As the teacher's browser reaches the hub: nginx says so, and lets no other name through."""
        return f"{self.request.protocol}://{self.request.host}{self.hub.base_url}first-password?token={made.token}"

    def _proposed(self) -> list[str]:
        settings: HubSettings = self.authenticator.hub_settings
        name, everyone = self.current_user.name, self.db.query(orm.User)
        if settings.admin_access and rights.is_admin(settings, name):
            found = {row.name for row in everyone if not row.admin}
        else:
            groups = {group for group, names in settings.teachers.items() if rights.lists(settings, tuple(names), name)}
            found = {row.name for row in everyone if groups & {group.name for group in row.groups}}
        return sorted(found - {layout.PROBE_USER, name})

    async def _show(self, error: str = "", link: str = "") -> None:
        self.set_header("Cache-Control", "no-store")
        person = self.get_body_argument("person", "") if self.request.method == "POST" else ""
        known = {"error": error, "link": link, "person": person, "people": self._proposed()}
        self.finish(await self.render_template("reset_password.html", **known))


HANDLERS = [(r"/reset-password", ResetPasswordHandler)]
