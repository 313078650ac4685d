"""A site's own class of JupyterHub's kind (`auth.type: package.module.Class`), with config.yaml's rights before it."""

import difflib
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.utils import maybe_future
from oauthenticator.oauth2 import OAuthenticator
from traitlets.utils.importstring import import_item

from hubinstall.hubside.dropins import stop
from hubinstall.hubside.host_rights import HostRights
from hubinstall.hubside.oauth_rights import with_rights
from hubinstall.hubside.provider_rights import ProviderRights
from hubinstall.hubside.rights import Vouched
from hubinstall.hubside.seen import GoneError


class OwnClassRights(ProviderRights):
    """Stands before a class about which nothing is known but JupyterHub's interface."""

    async def authenticate(self, handler: Any, data: Any = None, **kwargs: Any) -> dict[str, Any] | None:
        found = await maybe_future(super().authenticate(handler, data, **kwargs))
        if not found:
            return None
        model = dict(found) if isinstance(found, dict) else {"name": found}
        told = super(HostRights, self).normalize_username(str(model["name"]))
        return await self.welcomed({**model, "name": self.account_of(told, "")})

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:
        """What the class makes of the person: its lists count beside those of config.yaml."""
        allowed = self.allow_all or await maybe_future(super(HostRights, self).check_allowed(model["name"], model))
        admin = model.get("admin")
        if admin is None:
            admin = await maybe_future(super(HostRights, self).is_admin(None, model))
        return Vouched(bool(allowed), bool(admin))

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        """By the class's own refresh_user, if it has one; JupyterHub's says that nothing is new."""
        told = await maybe_future(super(HostRights, self).refresh_user(user, None))
        if told is False:
            raise GoneError
        return {"admin": None, **told, "name": user.name} if isinstance(told, dict) else None


def own_class(path: str, options: dict[str, Any]) -> Any:
    """The class at this path. Ends the hub with words if there is none, or it has not these options."""
    of: Any = None
    try:
        of = import_item(path)
    except Exception as error:  # noqa: BLE001 - a module of the site's, which can raise anything
        stop(
            f"auth.type: {path} cannot be imported: {type(error).__name__}: {error}",
            "Name its package in auth.packages, and the class as package.module.Class.",
        )
    if not (isinstance(of, type) and issubclass(of, Authenticator)):
        stop(f"auth.type: {path} is no authenticator of JupyterHub's", "Name a class that is one.")
    known: list[str] = of.class_trait_names(config=True)  # type: ignore[attr-defined]  # JupyterHub has no types
    for name in options:
        if name not in known and name != "client_secret_file":
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Leave it out."
            stop(f"auth.{of.__name__}.{name}: {of.__name__} has no such option", hint)
    if issubclass(of, OAuthenticator):
        return with_rights(of)
    return type(of.__name__, (OwnClassRights, of), {"__module__": __name__})
