"""A login form whose passwords are not those of this machine: guesses are limited as everywhere (attempts.py)."""

import asyncio
import time
from typing import Any

from tornado.web import HTTPError
from traitlets import Instance

from hubinstall.hubside.attempts import MOST_MADE_UP, Attempts, Counts, too_many
from hubinstall.hubside.authenticator import WRONG_TAKES
from hubinstall.hubside.peers import origin
from hubinstall.hubside.provider_rights import ProviderRights

LONGEST = 4096
"""Characters of a name or a password."""


class PasswordLogin(ProviderRights):
    """Stands before the class that checks a password: `class X(PasswordLogin, SomeAuthenticator)`."""

    attempts = Instance(Attempts)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Nobody here knows which names there are: none is "made up".
        self.attempts = Attempts(real=Counts(MOST_MADE_UP))

    async def checked(self, name: str, password: str) -> dict[str, Any] | None:
        """The model of the person if the password is right, else None. Raises HTTPError if it cannot be checked now."""
        raise NotImplementedError

    async def authenticate(self, handler: Any, data: Any = None, **kwargs: Any) -> dict[str, Any] | None:  # noqa: ARG002
        """Raises HTTPError 429 after too many failures, 403 for an account that is another person's."""
        given = data if isinstance(data, dict) else {}
        name, password = (given.get(key, "") for key in ("username", "password"))
        if not (isinstance(name, str) and isinstance(password, str)) or max(len(name), len(password)) > LONGEST:
            return None  # the API takes any JSON
        name, address = name.strip(), origin(handler.request) if handler is not None else ""
        began = time.monotonic()
        if wait := self.attempts.begin(name, address, began):
            raise HTTPError(429, too_many(wait))
        try:
            model = await self.checked(name, password)
        except BaseException:
            self.attempts.undone(name, address)
            raise
        if model is None:
            self.log.warning("Login of %.32r from %s failed: wrong name or password", name, address)
            await asyncio.sleep(began + WRONG_TAKES - time.monotonic())
            return None
        self.attempts.succeeded(name, address, time.monotonic())
        return await self.welcomed(model)
