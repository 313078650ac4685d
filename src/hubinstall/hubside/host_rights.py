"""Who may use the hub, whatever checks who they are: the accounts of the host and config.yaml decide.

JupyterHub's own lists are not used: they are merged with what the database remembers, and never take a right away. Here
`rights` makes every decision again: at each login, each request and each start of the hub. `identity` knows whether a
name still stands for the same account.
"""

from collections.abc import Coroutine
from typing import Any

from jupyterhub import orm
from jupyterhub.auth import Authenticator
from tornado.web import HTTPError
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import people_api, rights
from hubinstall.hubside.accounts import Account, login_name
from hubinstall.hubside.departures import Departures
from hubinstall.hubside.identity import People
from hubinstall.hubside.sessions import withdraw
from hubinstall.hubside.settings import HubSettings


class HostRights(Authenticator):  # type: ignore[misc]  # JupyterHub has no types
    """The part of an authenticator that decides who may do what. It stands before the class that finds out who it is
    (`class X(HostRights, PAMAuthenticator)`).
    """

    whose_passwords = ""
    """What the login page says above its form."""
    hub_settings = Instance(HubSettings, help="The content of hub.json.").tag(config=True)
    people = Instance(People, args=())

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.departures = Departures(self.parent, self.people, lambda account: self._refusal(account.name, account))

    def watches(self) -> list[Coroutine[Any, Any, None]]:
        """What is looked after for as long as the hub runs."""
        return [self.departures.watch()]

    def get_handlers(self, app: Any) -> list[Any]:
        """JupyterHub's, after those that take only people of this machine: the first that matches counts."""
        return [*people_api.HANDLERS, *super().get_handlers(app)]

    def check_allow_config(self) -> None:
        """`rights` decides who may log in: there are no lists of JupyterHub's to check."""

    def normalize_username(self, username: str) -> str:
        """The account's name on the host."""
        return login_name(username)

    def vouched(self, name: str) -> rights.Vouched:  # noqa: ARG002
        """What somebody else than this machine says of the person."""
        return rights.NOBODY

    def check_blocked_users(self, username: str, authentication: Any = None) -> Any:  # noqa: ARG002
        """Raise HTTPError 403 if the account may not use the hub; called for every login."""
        if room := self.hub_settings.room_of(username):
            self._refuse(username, f"{username} is the room {room.title}. Log in with your own account, then open it.")
        rights.memberships.ask_again(username)
        self._refuse(username, self._refusal(username, Account.find(username)))
        return True

    def check_allowed(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002
        """Always true: check_blocked_users, which JupyterHub always calls first, has decided."""
        return True

    def is_admin(self, handler: Any, authentication: dict[str, Any]) -> bool:  # noqa: ARG002
        """Yes or no, never "as before": anyone removed from the file loses the right at the next login."""
        return self._is_admin(authentication["name"])

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """False ends the session: the account no longer exists, has ended, is another one now, has another password, or
        may no longer use the hub.

        Called for every request. Somebody else's request, such as an administrator's who starts this person's server,
        goes on if the account may use the hub, whosever it is now; else it raises HTTPError 403.
        """
        account = self._account(user.name)
        ended = self._refusal(user.name, account) or self.people.ended(user.name)
        another = account is not None and self.people.change(account)
        if (ended or another) and handler is not None and handler.current_user is not user:
            if ended or account is None:
                raise HTTPError(403, ended)
            await self.departures.arrived(account)
        elif ended or another:
            return over(handler)
        admin = self._is_admin(user.name)
        return True if admin == user.admin else {"admin": admin}

    def add_user(self, user: Any) -> Any:
        """Called for every known user when the hub starts, and for each new user.

        Anyone who has lost a right since then loses sessions and tokens here. JupyterHub itself takes the roles of
        users in `blocked_users` and stops their servers. Former administrators keep their own server.
        """
        Authenticator.add_user(self, user)
        row = user.orm_user if hasattr(user, "orm_user") else user
        account = self._account(user.name)
        reason = self._refusal(user.name, account) or self.people.ended(user.name)
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
        if row.admin and not self._is_admin(user.name):
            self.log.warning("Ending the sessions and tokens of %s, who is no longer an administrator", user.name)
            withdraw(row, but_servers=True)

    def _refuse(self, name: str, reason: str | None) -> None:
        """Raise HTTPError 403 if there is a reason."""
        if reason:
            self.log.warning("Login of %s refused: %s", name, reason)
            raise HTTPError(403, reason)

    async def _arrive(self, name: str) -> None:
        """Somebody has just logged in; what another account had under the name ends first."""
        if arrived := Account.brief(name):
            await self.departures.arrived(arrived)

    def _account(self, name: str) -> Account | None:
        """The account, as it was last known if its directory may just not answer."""
        account = Account.brief(name)
        return self.people.last_known(name) if account is None and self.departures.is_away(name) else account

    def why_not(self, name: str) -> str:
        """Why somebody may not use the hub now, in words; empty if they may."""
        return self._refusal(name, self._account(name)) or self.people.ended(name)

    def _may_ever(self, account: Account) -> bool:
        if self.hub_settings.room_of(account.name):
            return False
        return account.name == layout.PROBE_USER or rights.no_person(self.hub_settings, account) is None

    def _refusal(self, name: str, account: Account | None) -> str | None:
        return rights.refusal(self.hub_settings, name, account, self.vouched(name))

    def _is_admin(self, name: str) -> bool:
        return rights.is_admin(self.hub_settings, name, self.vouched(name))


def over(handler: Any) -> bool:
    """False, in a form that JupyterHub understands at each of its pages: the session is over."""
    if handler is not None and not hasattr(handler, "_token_authenticated"):
        # JupyterHub 6.1 reads it next, also where pages take no tokens and it was never set.
        handler._token_authenticated = False  # noqa: SLF001
    return False
