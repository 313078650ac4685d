"""People of a provider by OAuth: who signs on, and how the provider is asked again (provider_rights.py)."""

from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside.provider_rights import ProviderRights
from hubinstall.hubside.seen import GoneError, UnaskableError
from hubinstall.hubside.through_proxy import ThroughProxy

IDS = ("sub", "oid", "id", "uuid")
"""Where providers put the ID of a person that never becomes somebody else's."""
TOO_MANY = 429


class OauthRights(ProviderRights):
    """Stands before a class of oauthenticator: `class X(OauthRights, GenericOAuthenticator)`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if "HTTPS_PROXY" in self.hub_settings.way_out:
            self.http_client = ThroughProxy()
        given: dict[str, Any] = getattr(self, "http_request_kwargs", {})
        self.http_request_kwargs = {"connect_timeout": 5.0, "request_timeout": 10.0, **given}
        self.oauth_callback_url = str(getattr(self, "oauth_callback_url", "")) or self.hub_settings.sign_on.callback

    async def authenticate(self, handler: Any, data: Any = None, **kwargs: Any) -> dict[str, Any] | None:
        """Whom the provider says that this is, under the account's name. Raises HTTPError with words."""
        self.read_secret()
        try:
            model: dict[str, Any] | None = await super().authenticate(handler, data, **kwargs)
        except (HTTPClientError, OSError) as error:
            self.log.warning("A sign-on could not be finished: %s", error)
            words = f"{self.login_service} did not finish the sign-on. Try again."
            if isinstance(error, HTTPClientError) and refused(error):
                words = (
                    f"{self.login_service} refused to finish the sign-on. Try again; if it stays so, the hub's"
                    " administrator finds more in the hub's log."
                )
            raise HTTPError(502, words) from error
        return None if model is None else await self.welcomed(model)

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """The account of this person."""
        return self.account_of(self.name_of(user_info), self.id_of(user_info))

    def name_of(self, user_info: dict[str, Any]) -> str:
        """What the provider calls the person."""
        return str(super().user_info_to_username(user_info))

    def told_name(self, model: dict[str, Any]) -> str:
        return self.name_of(model["auth_state"][self.user_auth_state_key])

    def id_of(self, user_info: dict[str, Any]) -> str:
        return next((str(user_info[key]) for key in IDS if user_info.get(key)), "")

    def subject(self, model: dict[str, Any]) -> str:
        """The person's ID at the provider; empty if it says none."""
        return self.id_of((model.get("auth_state") or {}).get(self.user_auth_state_key) or {})

    def read_secret(self) -> None:
        """At each sign-on: a new secret needs no restart of the hub. A site's own class may have it elsewhere."""
        if getattr(self, "client_secret", "") and not Path(layout.SIGN_ON_SECRET).exists():
            return
        try:
            self.client_secret = Path(layout.SIGN_ON_SECRET).read_text(encoding="utf-8").strip()
        except OSError as error:
            self.log.exception("The secret of the sign-on cannot be read")
            raise HTTPError(500, "The hub cannot read the secret that it shares with the sign-on.") from error

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What the provider says now of a person. Raises GoneError, UnaskableError, or as a request."""
        with_token = self.token_to_ask(state)
        try:
            if with_token and self.is_whole(model := await self._token_to_auth_model(with_token)):
                return dict(model)
        except (HTTPClientError, HTTPError) as error:
            if not refused(error):
                raise
        if not (token := state.get("refresh_token")):
            raise UnaskableError
        self.read_secret()
        try:
            info = await self.get_token_info(None, self.build_refresh_token_request_params(token))
            return dict(await self._token_to_auth_model({"token_type": "Bearer", "refresh_token": token, **info}))
        except (HTTPClientError, HTTPError) as error:
            if refused(error):
                raise GoneError from error
            raise

    def token_to_ask(self, state: dict[str, Any]) -> dict[str, Any] | None:
        """The token with which the provider can be asked at once; None if only a refreshed one can do that."""
        return state.get("token_response")

    def is_whole(self, model: dict[str, Any]) -> bool:  # noqa: ARG002
        """Whether the answer says all that is needed."""
        return True


def with_rights(of: type) -> type:
    """The class of oauthenticator's, with ours before it; its name stays, and so the section of its options."""
    return type(of.__name__, (OauthRights, of), {"__module__": __name__})


def refused(error: HTTPClientError | HTTPError) -> bool:
    """Whether a provider has answered no, and not that it cannot answer now."""
    code = int(error.code if isinstance(error, HTTPClientError) else error.status_code)
    return 400 <= code < 500 and code != TOO_MANY
