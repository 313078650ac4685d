"""Log in with the password of an account of the host, if config.yaml allows the account.

JupyterHub's own lists are not used: they are merged with what the database remembers, and never take a right away. Here
`rights` makes every decision again: at each login, each request and each start of the hub. `identity` knows whether a
name still stands for the same account.
"""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyterhub import orm
from jupyterhub.auth import Authenticator, PAMAuthenticator
from tornado.web import HTTPError
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import helper, people_api, rights
from hubinstall.hubside.accounts import Account, login_name
from hubinstall.hubside.attempts import Attempts
from hubinstall.hubside.departures import Departures
from hubinstall.hubside.identity import People
from hubinstall.hubside.peers import origin
from hubinstall.hubside.sessions import withdraw
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.turns import Turns

# A check takes a few hundredths of a second of a core, or as long as another machine takes to answer (SSSD, LDAP).
THREADS = 16
OF_ONE_ADDRESS = 4
WRONG_TAKES = 1.0
"""Seconds until a wrong password is reported, whether or not the account exists."""


class HostAuthenticator(PAMAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    """PAM for the accounts of the host's people, which the accounts helper asks: this process may read no password."""

    whose_passwords = (
        "Use the user name and the password of your account on this machine. If you have no account, ask the people who"
        " run this hub."
    )
    """What the login page says; a drop-in's class with passwords of its own says nothing."""
    hub_settings = Instance(HubSettings, help="The content of hub.json.").tag(config=True)
    attempts = Instance(Attempts, args=())
    turns = Instance(Turns, args=(THREADS, OF_ONE_ADDRESS))
    people = Instance(People, args=())
    check_takes = 0.0
    """Seconds that PAM last needed to find a password wrong."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="pam")
        self.open_sessions = False
        self.departures = Departures(self.parent, self.people, self._refusal)

    def get_handlers(self, app: Any) -> list[Any]:
        """JupyterHub's, after those that take only people of this machine: the first that matches counts."""
        return [*people_api.HANDLERS, *super().get_handlers(app)]

    def check_allow_config(self) -> None:
        """`rights` decides who may log in: there are no lists of JupyterHub's to check."""

    def normalize_username(self, username: str) -> str:
        """The account's name on the host."""
        return login_name(username)

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
            raise HTTPError(429, f"Too many failed logins. Try again in {_seconds(wait)}.")
        if refused := await self._checked(name, password, address, exists=exists):
            self.log.warning("Login of %.32r from %s failed: %s", name, address, refused.reason)
            if refused.words:  # only who knows the password reads why it does not help
                self.attempts.succeeded(name, address, time.monotonic())
                raise HTTPError(403, refused.words)
            await asyncio.sleep(began + WRONG_TAKES - time.monotonic())
            return None
        self.attempts.succeeded(name, address, time.monotonic())
        if arrived := Account.brief(name):
            await self.departures.arrived(arrived)
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
                raise HTTPError(429, f"Too many failed logins. Try again in {_seconds(error.seconds)}.") from error
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

    def check_blocked_users(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002
        """Raise HTTPError 403 if the account may not use the hub; called for every login."""
        rights.memberships.ask_again(username)
        if reason := rights.refusal(self.hub_settings, username, Account.find(username)):
            self._refuse(username, reason)
        return True

    def check_allowed(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002
        """Always true: check_blocked_users, which JupyterHub always calls first, has decided."""
        return True

    def is_admin(self, handler: Any, authentication: dict[str, Any]) -> bool:  # noqa: ARG002
        """Yes or no, never "as before": anyone removed from the file loses the right at the next login."""
        return rights.is_admin(self.hub_settings, authentication["name"])

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """False ends the session: the account no longer exists, has ended, is another one now, has another password, or
        may no longer use the hub.

        Called for every request. Somebody else's request, such as an administrator's who starts this person's server,
        goes on if the account may use the hub, whosever it is now; else it raises HTTPError 403.
        """
        account = self._account(user.name)
        ended = rights.refusal(self.hub_settings, user.name, account) or self.people.ended(user.name)
        another = account is not None and self.people.change(account)
        if (ended or another) and handler is not None and handler.current_user is not user:
            if ended or account is None:
                raise HTTPError(403, ended)
            await self.departures.arrived(account)
        elif ended or another:
            if handler is not None and not hasattr(handler, "_token_authenticated"):
                # JupyterHub 6.1 reads it next, also where pages take no tokens and it was never set.
                handler._token_authenticated = False  # noqa: SLF001
            return False
        admin = rights.is_admin(self.hub_settings, user.name)
        return True if admin == user.admin else {"admin": admin}

    def _account(self, name: str) -> Account | None:
        """The account, as it was last known if its directory may just not answer."""
        account = Account.brief(name)
        return self.people.last_known(name) if account is None and self.departures.is_away(name) else account

    def add_user(self, user: Any) -> None:
        """Called for every known user when the hub starts, and for each new user.

        Anyone who has lost a right since then loses sessions and tokens here. JupyterHub itself takes the roles of
        users in `blocked_users` and stops their servers. Former administrators keep their own server.
        """
        Authenticator.add_user(self, user)
        row = user.orm_user if hasattr(user, "orm_user") else user
        account = self._account(user.name)
        reason = rights.refusal(self.hub_settings, user.name, account) or self.people.ended(user.name)
        if account is None or reason:
            self.log.warning("Ending the sessions and tokens of %s: %s", user.name, reason)
            self.blocked_users.add(user.name)
            withdraw(row)
            return
        self.blocked_users.discard(user.name)
        if change := self.people.change(account):
            # The watch ends its servers, and only then remembers the account (Departures).
            self.log.warning("Ending the sessions and tokens of %s: %s", user.name, change)
            withdraw(row)
            orm.object_session(row).commit()
        else:
            self.people.remember(account)
        # row.admin is what the database remembers; JupyterHub updates it from load_roles right after this.
        if row.admin and not rights.is_admin(self.hub_settings, user.name):
            self.log.warning("Ending the sessions and tokens of %s, who is no longer an administrator", user.name)
            withdraw(row, but_servers=True)

    def _refusal(self, account: Account) -> str | None:
        return rights.refusal(self.hub_settings, account.name, account)

    def _may_ever(self, account: Account) -> bool:
        return account.name == layout.PROBE_USER or rights.no_person(self.hub_settings, account) is None

    def _refuse(self, name: str, reason: str | None) -> None:
        self.log.warning("Login of %s refused: %s", name, reason)
        raise HTTPError(403, reason or "Refused.")


def _seconds(wait: float) -> str:
    seconds = math.ceil(wait)
    return f"{seconds} second{'s' * (seconds != 1)}"
