"""Sign-on with the password of the host's account, within what the file says.

JupyterHub's own lists are not used: they mix with what the database remembers, and never take a right away.
Here every decision is asked anew of `rights`, at the login, each minute of a session and at every start of the hub.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyterhub import orm
from jupyterhub.auth import Authenticator, PAMAuthenticator
from jupyterhub.utils import new_token
from tornado.web import HTTPError
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.attempts import Attempts
from hubinstall.hubside.settings import HubSettings

# PAM makes a failed login wait for about 2 s, and each takes a thread that long.
THREADS = 16


class HostAuthenticator(PAMAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    """PAM for the accounts of the host's people."""

    hub_settings = Instance(HubSettings, help="The content of hub.json.").tag(config=True)
    attempts = Instance(Attempts, args=())

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

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """The name where PAM accepts the password; None where not.

        Raises HTTPError 403 for accounts that never may (their passwords are not even tried: no way to guess
        root's), 429 after too many failures.
        """
        name, password = self.normalize_username(data.get("username", "")), data.get("password", "")
        address = handler.request.remote_ip if handler is not None else ""
        if wait := self.attempts.wait(name, address, time.monotonic()):
            raise HTTPError(429, f"Too many failed logins. Please try again in {_seconds(wait)}.")
        account = Account.find(name)
        if account and not self._may_ever(account):
            self._refuse(name, rights.refusal(self.hub_settings, name, account))
        if "\0" in name + password or not await super().authenticate(handler, {"username": name, "password": password}):
            self.attempts.failed(name, address, time.monotonic())
            return None
        self.attempts.succeeded(name, address)
        return name

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


def _seconds(wait: float) -> str:
    seconds = math.ceil(wait)
    return f"{seconds} second{'s' * (seconds != 1)}"
