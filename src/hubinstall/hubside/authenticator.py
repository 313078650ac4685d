"""Log in with the password of an account of the host, if config.yaml allows the account (host_rights.py)."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyterhub.auth import PAMAuthenticator
from tornado.web import HTTPError
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import first_password, helper, own_password, reset_password, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.attempts import Attempts, too_many
from hubinstall.hubside.host_rights import HostRights
from hubinstall.hubside.one_time_links import Guesses
from hubinstall.hubside.peers import origin
from hubinstall.hubside.turns import Turns

# A check takes a few hundredths of a second of a core, or as long as another machine takes to answer (SSSD, LDAP).
THREADS = 16
OF_ONE_ADDRESS = 4
WRONG_TAKES = 1.0
"""Seconds until a wrong password is reported, whether or not the account exists."""


class HostAuthenticator(HostRights, PAMAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    """PAM for the accounts of the host's people, which the accounts helper asks: this process may read no password."""

    whose_passwords = (
        "Use the user name and the password of your account on this machine. If you have no account, ask the people who"
        " run this hub."
    )
    attempts = Instance(Attempts, args=())
    guesses = Instance(Guesses, args=())
    turns = Instance(Turns, args=(THREADS, OF_ONE_ADDRESS))
    check_takes = 0.0
    """Seconds that PAM last needed to find a password wrong."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="pam")
        self.open_sessions = False

    def get_handlers(self, app: Any) -> list[Any]:
        """Those of all accounts of this machine, and the pages for a new password."""
        ours = [*own_password.HANDLERS, *first_password.HANDLERS, *reset_password.HANDLERS]
        return [*ours, *super().get_handlers(app)]

    def changes_password_of(self, name: str) -> bool:
        """Whether the hub's pages offer this person to change the password: not that of a directory's account."""
        return name != layout.PROBE_USER and not self.people.is_elsewhere(name)

    def makes_links(self, name: str) -> bool:
        """Whether this person may make one-time links for some people, as the accounts helper sees it (resets.py)."""
        settings = self.hub_settings
        return rights.teaches(settings, name) or (settings.admin_access and rights.is_admin(settings, name))

    async def authenticate(self, handler: Any, data: Any) -> str | None:
        """The name if PAM accepts the password, else None.

        Raises HTTPError 503 if no password can be checked now, 429 after too many failures, and 403 for the person who
        knows the right password if it does not help. Nobody else learns whether there is such an account: names that
        are made up, and system accounts (whose passwords are not even tried, so nobody can guess root's), get what a
        wrong password gets.
        """
        began = time.monotonic()
        given = data if isinstance(data, dict) else {}
        name, password = (given.get(key, "") for key in ("username", "password"))
        if not (isinstance(name, str) and isinstance(password, str)):
            return None  # the API takes any JSON
        name, address = self.normalize_username(name), origin(handler.request) if handler is not None else ""
        account = Account.find(name)
        exists = account is not None and self._may_ever(account)
        if wait := self.attempts.begin(name, address, time.monotonic(), exists=exists):
            raise HTTPError(429, too_many(wait))
        if refused := await self._checked(name, password, address, exists=exists):
            self.log.warning("Login of %.32r from %s failed: %s", name, address, refused.reason)
            if refused.words:  # only who knows the password reads why it does not help
                self.attempts.succeeded(name, address, time.monotonic())
                raise HTTPError(403, refused.words)
            await asyncio.sleep(began + WRONG_TAKES - time.monotonic())
            return None
        self.attempts.succeeded(name, address, time.monotonic())
        await self._arrive(name)
        return name

    async def _checked(self, name: str, password: str, address: str, *, exists: bool) -> helper.Refusal | None:
        """Why the login is rejected; None if it is accepted.

        What is not checked waits for its turn as well and takes as long, but no place: others do not wait for it.
        """
        tried = self.attempts.failures(name, address, time.monotonic(), exists=exists)
        try:
            async with self.turns.turn(address, tried):
                await self._in_thread(helper.states, ())  # whether it answers at all: so that this is said of any name
                if exists and helper.can_check(name, password):
                    return await self._asked(name, password)
            await asyncio.sleep(self.check_takes)
        except BaseException as error:
            self.attempts.undone(name, address, exists=exists)
            if isinstance(error, helper.UnavailableError):
                self.log.warning("Login of %.32r from %s was not checked: %s", name, address, error)
                raise HTTPError(503, helper.UNAVAILABLE) from error
            if isinstance(error, helper.TooManyError):
                raise HTTPError(429, too_many(error.seconds)) from error
            raise
        return helper.Refusal("PAM cannot check such a name or password" if exists else "no account of a person")

    async def _asked(self, name: str, password: str) -> helper.Refusal | None:
        began = time.monotonic()
        refused: helper.Refusal | None = await self._in_thread(helper.refusal, name, password)
        if refused and not refused.words:
            self.check_takes = time.monotonic() - began
        return refused

    async def _in_thread(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.executor, ask, *arguments)
