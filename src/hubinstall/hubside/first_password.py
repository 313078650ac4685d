"""The page on which a person with a one-time link sets a password. The accounts helper says whether the link is good.

Nobody is logged in here, and nobody is by it. What is secret in the link stays nowhere: the page is in no cache, no
other page is told its address (nginx's Referrer-Policy, and the page's own), nginx writes no log of it, and the log of
JupyterHub leaves out what is called `token`.
"""

import asyncio
from typing import Any

from jupyterhub.handlers.base import BaseHandler

from hubinstall.hubside import helper, one_time_links
from hubinstall.hubside.attempts import too_many
from hubinstall.hubside.one_time_links import NoLinkError
from hubinstall.hubside.own_password import in_words
from hubinstall.hubside.peers import origin


class FirstPasswordHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub checks the `_xsrf` of a form before it comes here."""

    async def get(self) -> None:
        await self._answer(self.get_query_argument("token", ""))

    async def post(self) -> None:
        await self._answer(self.get_body_argument("token", ""), is_form=True)

    async def _answer(self, token: str, *, is_form: bool = False) -> None:
        address, guesses = origin(self.request), self.authenticator.guesses
        known = {"token": token, "account": "", "error": "", "is_set": False}
        if wait := guesses.wait(address):
            self.set_status(429)
            await self._show(**known | {"error": too_many(wait)})
            return
        try:
            known["account"] = await self._ask(one_time_links.whose, token)
            if is_form:
                known["error"] = await self._set(token)
                known["is_set"] = not known["error"]
                self.set_status(400 if known["error"] else 200)
        except NoLinkError:
            guesses.add(address)
            self.log.warning("A link that does not exist, or has ended, from %s", address)
            known["account"] = ""
            self.set_status(404)
        except (helper.TooManyError, helper.UnavailableError) as error:
            status, words = in_words(error) or (503, "")
            self.set_status(status)
            known["error"] = words
        if known["is_set"]:
            self.log.info("%s has set a password by a link, from %s", known["account"], address)
        await self._show(**known)

    async def _set(self, token: str) -> str:
        """Why the password was not set, in words; or ""."""
        new, again = (self.get_body_argument(name, "", strip=False) for name in ("new", "again"))
        if new != again:
            return "The passwords differ. Type the same one twice."
        if not helper.fits(new, helper.LONGEST_PASSWORD):
            return "The password is too long, or has characters that cannot be typed."
        refused = await self._ask(one_time_links.set_first, token, new)
        return str(refused.words) if refused else ""

    async def _ask(self, ask: Any, *arguments: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.authenticator.executor, ask, *arguments)

    def _request_summary(self) -> str:
        """What tornado writes of a request that failed: without the address's secret."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def log_exception(self, kind: Any, value: Any, trace: Any) -> None:
        """Tornado's own adds the whole request, with its address."""
        self.log.error("%s failed", self._request_summary(), exc_info=(kind, value, trace))

    async def _show(self, **known: Any) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("first_password.html", **known))


HANDLERS = [(r"/first-password", FirstPasswordHandler)]
