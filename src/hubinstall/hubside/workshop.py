"""Sign-ons for workshops and tests: one password for all, or any."""

from pathlib import Path
from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside import rights
from hubinstall.hubside.password_login import PasswordLogin
from hubinstall.hubside.rights import Vouched


class Anyone(PasswordLogin):
    """Names are what people type; only config.yaml's lists say who may do what."""

    @property
    def called(self) -> str:
        return "this hub"

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:  # noqa: ARG002
        return rights.NOBODY


class SharedPassword(Anyone, SharedPasswordAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    whose_passwords = "Choose a user name, and use the password that you were told."

    async def checked(self, name: str, password: str) -> dict[str, Any] | None:
        """JupyterHub's rules: administrators have a password of their own, and nobody else is one by it."""
        self.user_password = secret(layout.SIGN_ON_SECRET)
        self.admin_password = secret(layout.SIGN_ON_ADMIN_SECRET)
        if not password.isascii():
            return None  # as the two are (preflight/sign_on.py)
        account = self.account_of(name.lower(), "")
        self.admin_users = {account} if rights.is_admin(self.hub_settings, account) else set()
        form = {"username": account, "password": password}
        found = await SharedPasswordAuthenticator.authenticate(self, None, form)
        return None if found is None else {"name": account}


class AnyPassword(Anyone):
    whose_passwords = "Any name and any password will do: this hub is for tests."

    async def checked(self, name: str, password: str) -> dict[str, Any] | None:  # noqa: ARG002
        return {"name": self.account_of(name.lower(), "")} if name else None


def secret(path: str) -> str | None:
    """Read at each login: a new one needs no restart of the hub."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HTTPError(500, "The hub cannot read the password of its sign-on.") from error
