"""Sign-on with the password of the host's account, within what the file says.

JupyterHub's own lists are not used: they mix with what the database remembers, and never take a right away.
Here every decision is asked anew of `rights`, at the login, each minute of a session and at every start of the hub.
"""

import asyncio
import math
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyterhub import orm
from jupyterhub.auth import Authenticator, PAMAuthenticator
from jupyterhub.utils import new_token
from tornado.web import HTTPError
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import pam, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.attempts import Attempts
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.turns import Turns

# A check takes some hundredths of a second of a core, or as long as another machine takes to answer (SSSD, LDAP).
THREADS = 16
OF_ONE_ADDRESS = 4
WRONG_TAKES = 1.0
"""Seconds after which a wrong password is said to be one, whether there is such an account or not."""


class HostAuthenticator(PAMAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    """PAM for the accounts of the host's people."""

    hub_settings = Instance(HubSettings, help="The content of hub.json.").tag(config=True)
    attempts = Instance(Attempts, args=())
    turns = Instance(Turns, args=(THREADS, OF_ONE_ADDRESS))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="pam")
        self.service = layout.PAM_SERVICE
        self.open_sessions = False

    def check_allow_config(self) -> None:
        """Who may log in is decided by `rights`: there is nothing of JupyterHub's to check."""

    def normalize_username(self, username: str) -> str:
        """The account's own name. A capital that a telephone's keyboard put there is forgiven, where it is safe to."""
        if len(username) <= 256 and Account.find(username) is None and Account.find(username.lower()):
            return username.lower()
        return username

    async def authenticate(self, handler: Any, data: Any) -> str | None:
        """The name where PAM accepts the password; None where not.

        Raises HTTPError 403 for accounts that never may (their passwords are not even tried: no way to guess
        root's), 429 after too many failures.
        """
        given = data if isinstance(data, dict) else {}
        name, password = (given.get(key, "") for key in ("username", "password"))
        if not (isinstance(name, str) and isinstance(password, str)):
            return None  # the API takes any JSON
        name, address = self.normalize_username(name), origin(handler.request) if handler is not None else ""
        account = Account.find(name)
        if account and not self._may_ever(account):
            self._refuse(name, rights.refusal(self.hub_settings, name, account))
        began = time.monotonic()
        if wait := self.attempts.begin(name, address, began, exists=account is not None):
            raise HTTPError(429, f"Too many failed logins. Please try again in {_seconds(wait)}.")
        if reason := await self._checked(name, password, address, exists=account is not None):
            self.log.warning("Login of %.32r from %s failed: %s", name, address, reason)
            await asyncio.sleep(began + WRONG_TAKES - time.monotonic())
            return None
        self.attempts.succeeded(name, address, time.monotonic())
        return name

    async def _checked(self, name: str, password: str, address: str, *, exists: bool) -> str | None:
        """Why the password is not accepted; None where it is."""
        if not exists:
            return "no such account"
        if not _is_a_word(name) or not _is_a_word(password):
            return "no password can be like this"
        tried = self.attempts.failures(name, address, time.monotonic())
        try:
            async with self.turns.turn(address, tried):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self.executor, pam.refusal, self.service, name, password)
        except BaseException:
            self.attempts.undone(name, address)
            raise

    def check_blocked_users(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002
        """Everything that may keep an account out; called for every login."""
        if reason := rights.refusal(self.hub_settings, username, Account.find(username)):
            self._refuse(username, reason)
        return True

    def check_allowed(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002
        """Decided before, by check_blocked_users, which JupyterHub always asks."""
        return True

    def is_admin(self, handler: Any, authentication: dict[str, Any]) -> bool:  # noqa: ARG002
        """Yes or no, never "as it was": who is taken out of the file loses the right at the next login."""
        return rights.is_admin(self.hub_settings, authentication["name"])

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:  # noqa: ARG002
        """False ends the session: the account is gone, or may no longer."""
        if rights.refusal(self.hub_settings, user.name, Account.find(user.name)):
            return False
        admin = rights.is_admin(self.hub_settings, user.name)
        return True if admin == user.admin else {"admin": admin}

    def add_user(self, user: Any) -> None:
        """Called for every known user when the hub starts, and for each new one.

        Who lost a right since then loses sessions and tokens here. Of those in `blocked_users` JupyterHub itself
        then takes the roles, and stops their servers; who is no administrator any more keeps the own server.
        """
        Authenticator.add_user(self, user)
        row = user.orm_user if hasattr(user, "orm_user") else user
        if reason := rights.refusal(self.hub_settings, user.name, Account.find(user.name)):
            self.log.warning("Withdrawing what is left of %s's rights: %s", user.name, reason)
            self.blocked_users.add(user.name)
            withdraw(row)
            return
        self.blocked_users.discard(user.name)
        # What the database remembers of administrators; JupyterHub brings it to what load_roles says right after.
        if row.admin and not rights.is_admin(self.hub_settings, user.name):
            self.log.warning("%s is no administrator any more: ending sessions and tokens", user.name)
            withdraw(row, but_servers=True)

    def _may_ever(self, account: Account) -> bool:
        low, high = self.hub_settings.uid_min, self.hub_settings.uid_max
        return low <= account.uid <= high or account.name == layout.PROBE_USER

    def _refuse(self, name: str, reason: str | None) -> None:
        self.log.warning("Login of %s refused: %s", name, reason)
        raise HTTPError(403, reason or "Refused.")


def withdraw(row: Any, *, but_servers: bool = False) -> None:
    """End a user's sessions and tokens. `row`: of the hub's database.

    `but_servers`: what the hub gave to the user's own servers stays, for without it they could let nobody in.
    """
    session = orm.object_session(row)
    for token in list(row.api_tokens):
        if not (but_servers and is_of_a_server(token)):
            session.delete(token)
    row.cookie_id = new_token()


def is_of_a_server(token: Any) -> bool:
    """Whether it is the key of the user's own server (JupyterHub's role `server`), and no browser's sign-on to it."""
    name = token.user.name
    here = f"access:servers!server={name}/"
    own = all(scope == f"users:activity!user={name}" or scope.startswith(here) for scope in token.scopes)
    return token.client_id == "jupyterhub" and bool(token.scopes) and own


def origin(request: Any) -> str:
    """The address that a request comes from, for real.

    What the headers say of it (tornado's remote_ip) is nginx's word when the request came by way of the proxy, that
    is, from this machine. A container that asks the hub directly can write there what it likes.
    """
    peer = request.connection.context.address
    direct = isinstance(peer, tuple) and not is_own(peer[0])
    return str(peer[0] if direct else request.remote_ip)


def is_own(address: str) -> bool:
    """Whether it is an address of this machine: only these can be bound to (ip(7))."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def _is_a_word(text: str) -> bool:
    """Whether it can be said to PAM: in UTF-8, up to its first zero byte."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _seconds(wait: float) -> str:
    seconds = math.ceil(wait)
    return f"{seconds} second{'s' * (seconds != 1)}"
