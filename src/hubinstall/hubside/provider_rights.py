"""People whom somebody else than this machine knows: config.yaml decides who may use the hub, also by what the provider
says of them.

What it says is asked again while a person uses the hub, so that who has left a group there loses what came with it,
with the cookie of before. A provider that does not answer ends no session: what it said last still holds.
"""

import time
from collections.abc import Coroutine
from typing import Any

from jupyterhub.crypto import EncryptionUnavailable, InvalidToken, decrypt
from jupyterhub.utils import maybe_future
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError
from traitlets import Float, Instance

from hubinstall import layout
from hubinstall.hubside import helper, new_accounts, rights
from hubinstall.hubside.host_rights import HostRights, over
from hubinstall.hubside.leaving import Leaving
from hubinstall.hubside.rights import Vouched
from hubinstall.hubside.seen import DepartedError, GoneError, Seen, UnaskableError
from hubinstall.hubside.subjects import Subjects

TRUSTED = 3600.0
"""Seconds for which an administrator by group is one if the provider can no longer be asked about the person."""
SIGNED_ON = 8 * 3600.0
"""The same for a session: the provider gave no way to ask (no refresh token), and its access token is over."""


class ProviderRights(HostRights):
    """Stands before the class that finds out who somebody is: `class X(ProviderRights, SomeAuthenticator)`."""

    ask_every = Float(60.0, help="Seconds until the provider is asked again about a person.").tag(config=True)
    gone_after = Float(
        7 * 86400.0, help="Seconds until somebody is gone whom the provider refused, and who did not sign on again."
    ).tag(config=True)
    unasked = Float(1800.0, help="Seconds until a directory is asked about who makes no requests.").tag(config=True)
    asks_by_itself = False
    """Whether the provider is asked about people who are not here: one of OAuth would take it for a visit of theirs."""
    subjects = Instance(Subjects, args=())

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: dict[str, Seen] = {}
        self._asking: set[str] = set()
        self.leaving = Leaving(self.parent, self._seen, self._asked_again)
        self._provider = self.hub_settings.sign_on.issuer or type(self).__name__

    def watches(self) -> list[Coroutine[Any, Any, None]]:
        return [*super().watches(), self.leaving.watch(self.unasked if self.asks_by_itself else None)]

    @property
    def called(self) -> str:
        """The provider, for people."""
        return str(getattr(self, "login_service", "")) or "The sign-on"

    def normalize_username(self, username: str) -> str:
        """As it is: names become accounts once, when somebody signs on (user_info_to_username)."""
        return username

    def vouched(self, name: str) -> Vouched:
        seen = self._seen.get(name)
        if seen is None:
            return rights.NOBODY
        if seen.unaskable and seen.age > TRUSTED:
            return Vouched(allowed=seen.vouched.allowed or seen.vouched.admin)
        return seen.vouched

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:
        """What the class itself makes of what the provider said, such as of teams and organizations."""
        allowed = await super(HostRights, self).check_allowed(model["name"], model)
        return Vouched(bool(allowed), bool(model.get("admin")))

    # -- signing on ------------------------------------------------------------------------------------------

    async def welcomed(self, model: dict[str, Any]) -> dict[str, Any]:
        """The model of somebody who has just signed on, under the account's name. Raises HTTPError 403 if the account
        is another person's.
        """
        name, subject = model["name"], self.subject(model)
        if subject and self.subjects.is_somebody_elses(name, self._provider, subject):
            whose = f"The account {name} belongs to another person of {self.called}."
            self._refuse(name, f"{whose} Ask the hub's administrator.")
        return await self._told(name, model)

    def account_of(self, told: str, subject: str) -> str:
        """The account of this person: the one of before, whatever the provider calls the person by now. Raises
        HTTPError 403 if `told` is no name.
        """
        if known := self.subjects.account(self._provider, subject):
            return str(known)
        try:
            return new_accounts.account_name(told)
        except ValueError as error:
            raise HTTPError(403, str(error)) from error

    def told_name(self, model: dict[str, Any]) -> str:
        """What the provider calls the person."""
        return str(model["name"])

    def subject(self, model: dict[str, Any]) -> str:  # noqa: ARG002
        """The person's ID at the provider, which never becomes somebody else's; empty if it says none."""
        return ""

    async def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
        """Raise HTTPError 403 if this person may not use the hub; only who may gets an account."""
        rights.memberships.ask_again(username)
        self._refuse(username, rights.unwelcome(self.hub_settings, username, self.vouched(username)))
        self.blocked_users.discard(username)
        model = authentication or {}
        # Some classes keep out whom their own options do not let in (hosted_domain of Google).
        if model and not await maybe_future(super(HostRights, self).check_blocked_users(username, model)):
            self._refuse(username, f"{username} may not use this hub. Ask its administrator.")
        await self._need_account(username, self.told_name(model) if model else username)
        super().check_blocked_users(username, authentication)
        await self._arrive(username)
        if subject := self.subject(model):
            self.subjects.remember(username, self._provider, subject)
        return True

    async def _need_account(self, name: str, of: str) -> None:
        """The account is there, and is one for people from this sign-on; else raise HTTPError with words."""
        try:
            await new_accounts.ensure(name, of)
        except helper.NoAccountError as error:
            self._refuse(name, str(error))
        except helper.TooManyError as error:
            raise HTTPError(429, f"Too many people are new here. Try again in {error.seconds:.0f} seconds.") from error
        except helper.UnavailableError as error:
            self.log.warning("The account %s could not be asked for: %s", name, error)
            raise HTTPError(503, helper.UNAVAILABLE) from error

    def delete_user(self, user: Any) -> None:
        """An administrator has deleted the user: the account is free for the next who signs on under its name."""
        self.subjects.forget(user.name)
        self._seen.pop(user.name, None)
        super().delete_user(user)

    # -- what is known, and asking again ---------------------------------------------------------------------

    async def add_user(self, user: Any) -> None:
        """When the hub starts, what the provider said before it stopped still holds."""
        row = user.orm_user if hasattr(user, "orm_user") else user
        if user.name not in self._seen and row.encrypted_auth_state:
            try:
                await self._recall(user.name, await decrypt(row.encrypted_auth_state))
            except (ValueError, InvalidToken, EncryptionUnavailable) as error:
                self.log.warning("What the sign-on said of %s cannot be read: %s", user.name, error)
        super().add_user(user)

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """As HostRights does; of the person's own requests, some ask the provider first."""
        told = None
        if handler is not None and handler.current_user is user and user.name != layout.PROBE_USER:
            told = await self._asked_again(user)
            if told is False:
                return over(handler)
        decided = await super().refresh_user(user, handler)
        if not decided or not isinstance(told, dict):
            return decided
        return {**(decided if isinstance(decided, dict) else {}), "auth_state": told}

    async def _asked_again(self, user: Any) -> bool | dict[str, Any] | None:
        """A new state to keep; None if nothing is new; False if the person has to sign on again."""
        name, seen = user.name, self._seen.get(user.name)
        if seen and (seen.over or time.time() - seen.asked < self.ask_every or name in self._asking):
            return False if seen.over else None
        state = await user.get_auth_state()
        if not state:
            return False  # who has never signed on here: the cookie is of another way to log in
        seen = self._seen.get(name) or await self._recall(name, state)
        seen.asked = time.time()
        self._asking.add(name)
        try:
            model = await self._ask(user, state)
            return dict((await self._told(name, model))["auth_state"]) if model else None
        except GoneError as error:
            await self._refused(user, state, seen, departed=isinstance(error, DepartedError))
            return False
        except UnaskableError:
            seen.unaskable, seen.over = True, seen.age >= SIGNED_ON
            return False if seen.over else None
        except (HTTPClientError, HTTPError, OSError) as error:
            self.log.warning("%s could not be asked about %s: %s", self.called, name, error)
            return None
        finally:
            self._asking.discard(name)

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        """What the provider says now of a person; None if there is nothing new. `state`: what was kept of the last
        answer. Raises GoneError, UnaskableError, or as a request.
        """
        return None

    async def _told(self, name: str, model: dict[str, Any]) -> dict[str, Any]:
        """Note what the provider has just said; the model with what is to be kept of it."""
        seen = self._seen[name] = Seen(await self.vouched_by(model), time.time(), time.time())
        return {"name": name, "auth_state": {**(model.get("auth_state") or {}), "vouched": seen.kept()}}

    async def _refused(self, user: Any, state: dict[str, Any], seen: Seen, *, departed: bool) -> None:
        """The person has to sign on again; the next hub knows that, too."""
        said = "it does not know the person" if departed else "the session is over"
        self.log.warning("%s has to sign on again: %s says that %s", user.name, self.called, said)
        seen.over, seen.gone_at = True, time.time() + (0 if departed else self.gone_after)
        await user.save_auth_state({**state, "vouched": seen.kept()})

    async def _recall(self, name: str, state: dict[str, Any]) -> Seen:
        self._seen[name] = Seen.recalled(state.get("vouched") or {})
        return self._seen[name]
