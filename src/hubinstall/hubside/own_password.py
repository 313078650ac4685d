"""The page on which a person changes the password of the own account, by the accounts helper.

Only for a browser that is logged in, and only with the present password: a page of somebody's server may act with the
person's cookies (docs/explanation/security.md), and a token is no person. What a changed password ends otherwise ends
here too, but for what the person sits in front of: this browser's session, and the server, which runs on.
"""

import asyncio
import time
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError, authenticated

from hubinstall.hubside import helper, sessions
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.attempts import too_many
from hubinstall.hubside.identity import BusyError
from hubinstall.hubside.peers import origin

UNAVAILABLE = "The password cannot be changed at the moment. Try again later, or tell the people who run this hub."


class OwnPasswordHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's pages take no tokens, and check the `_xsrf` of a form before it comes here."""

    @authenticated  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self._show()

    @authenticated  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        if not self._offered:
            raise HTTPError(403, "The password of this account is not changed here.")
        status, words = await self._change()
        if not words and self.get_body_argument("stop", ""):
            await sessions.end_servers(self.app, self.current_user.orm_user)
        self.set_status(status)
        await self._show(words, changed=not words)

    async def _change(self) -> tuple[int, str]:
        """The answer's status, and why the password was not changed, in words; or "", and then the rest is done, too.

        A wrong present password counts as a failed login of this person from this address.
        """
        password, new, again = (self.get_body_argument(name, "", strip=False) for name in ("password", "new", "again"))
        door, name, address = self.authenticator, self.current_user.name, origin(self.request)
        if new != again:
            return 400, "The new passwords differ. Type the same one twice."
        if not (helper.can_check(name, password) and helper.can_check(name, new)):
            return 400, "A password is too long, or has characters that cannot be typed."
        if wait := door.attempts.begin(name, address, time.monotonic()):
            return 429, too_many(wait)
        try:
            found = await self._tried(name, address, password, new)
        except BaseException as error:
            door.attempts.undone(name, address)
            if words := in_words(error):
                return words
            raise
        if isinstance(found, helper.Refusal) and not found.words:
            self.log.warning("%s typed a wrong password to change it, from %s: %s", name, address, found.reason)
            return 403, "The current password is not right."
        door.attempts.succeeded(name, address, time.monotonic())
        return (400, found.words) if isinstance(found, helper.Refusal) else (200, "")

    async def _tried(self, name: str, address: str, password: str, new: str) -> helper.Entry | helper.Refusal:
        door, loop = self.authenticator, asyncio.get_running_loop()
        tried = door.attempts.failures(name, address, time.monotonic())
        with door.people.changing(name):
            async with door.turns.turn(address, tried):
                ask: Any = loop.run_in_executor(door.executor, helper.change, name, password, new)
                found: helper.Entry | helper.Refusal = await ask
            if isinstance(found, helper.Entry):
                self._keep_only_this_session(found)
        return found

    def _keep_only_this_session(self, entry: helper.Entry) -> None:
        """At once: nothing else of the hub runs in between."""
        user = self.current_user
        if account := Account.brief(user.name):
            self.authenticator.people.changed(account, entry.fingerprint)
        sessions.withdraw(user.orm_user, but_servers=True)
        self.db.commit()
        self.set_hub_cookie(user)
        self.__dict__.pop("_xsrf_token", None)  # JupyterHub makes one of the new session
        self.log.info("%s has changed the password: other sessions and tokens have ended", user.name)

    @property
    def _offered(self) -> bool:
        return bool(self.authenticator.changes_password_of(self.current_user.name))

    async def _show(self, error: str = "", *, changed: bool = False) -> None:
        self.set_header("Cache-Control", "no-store")
        html = await self.render_template("own_password.html", error=error, changed=changed, offered=self._offered)
        self.finish(html)


def in_words(error: BaseException) -> tuple[int, str] | None:
    """The status and words for a change that could not be tried; None for what is a fault of ours."""
    if isinstance(error, helper.UnavailableError):
        return 503, UNAVAILABLE
    if isinstance(error, helper.TooManyError):
        return 429, too_many(error.seconds)
    if isinstance(error, BusyError):
        return 409, "Your password is being changed in another window just now."
    return None


HANDLERS = [(r"/password", OwnPasswordHandler)]
