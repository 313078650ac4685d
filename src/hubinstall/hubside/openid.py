"""Sign-on at an OpenID Connect provider, by three settings: the rest is in the provider's own description (discovery).

The description is read when somebody signs on, so that a provider that is away keeps no hub from starting. Sources:
OpenID Connect Core 1.0 and Discovery 1.0.
"""

import time
from functools import reduce
from typing import Any
from urllib.parse import urlsplit

import jwt
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthLoginHandler
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from hubinstall.hubside.oauth_rights import OauthRights
from hubinstall.hubside.rights import Vouched

WELL_KNOWN = ".well-known/openid-configuration"
HOLDS = 3600.0
"""Seconds until the description is read again."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
GROUPS_IN_ID = "groups_in_id_token"
"""A key beside those of a token's answer (RFC 6749, 5.1)."""
NAMES = ("preferred_username", "email", "sub")
"""The claims with a person's name, where config.yaml names none."""


class OpenIdLogin(OAuthLoginHandler):  # type: ignore[misc]  # oauthenticator has no types
    async def get(self) -> None:
        await self.authenticator.know_provider()
        super().get()


class OpenIdAuthenticator(OauthRights, GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator has no types
    """GenericOAuthenticator, which learns the provider's addresses from the provider."""

    login_handler = OpenIdLogin

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known_at = 0.0
        settings = self.hub_settings.sign_on
        self.client_id, self.scope = settings.client_id, list(settings.scope)
        self.login_service = settings.title

    async def authenticate(self, handler: Any, data: Any = None, **kwargs: Any) -> dict[str, Any] | None:
        await self.know_provider()
        return await super().authenticate(handler, data, **kwargs)

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any]:
        await self.know_provider()
        return await super()._ask(user, state)

    async def know_provider(self) -> None:
        """Learn where the provider signs people on. Raises HTTPError 503 if it has never answered, in words."""
        if self._known_at and time.monotonic() - self._known_at < HOLDS:
            return
        issuer = self.hub_settings.sign_on.issuer
        try:
            found = await self.httpfetch(f"{issuer.rstrip('/')}/{WELL_KNOWN}", "asking the provider of the sign-on")
            self._learn(issuer, found)
        except (HTTPClientError, OSError, ValueError, TypeError, AttributeError) as error:
            self.log.warning("The sign-on at %s cannot be used now: %s", issuer, error)
            if not self._known_at:
                words = f"{self.login_service} does not answer, so nobody can sign on. Try again in a minute."
                raise HTTPError(503, words) from error
        self._known_at = time.monotonic()

    def _learn(self, issuer: str, found: dict[str, Any]) -> None:
        """Raises ValueError in words if the description cannot be this provider's."""
        if found.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
            raise ValueError(f"the provider calls itself {found.get('issuer')!r}: set auth.oidc.issuer to that")
        places = [found.get(f"{name}_endpoint") or "" for name in ("authorization", "token", "userinfo")]
        for place in filter(None, places):
            parts = urlsplit(place)
            if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                raise ValueError(f"{place} is not encrypted")
        self.authorize_url, self.token_url, userinfo = places
        if not (self.authorize_url and self.token_url):
            raise ValueError("its description names no place to sign on")
        if userinfo:
            self.userdata_url = userinfo
        self.userdata_from_id_token = not userinfo
        # Discovery 1.0, 3: client_secret_basic is the default.
        self.basic_auth = "client_secret_basic" in found.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        """The claims of the ID token and of the provider's userinfo, which may each say what the other does not."""
        if self.userdata_from_id_token:
            return dict(await super().token_to_user(token_info))
        claims = self._claims(token_info.get("id_token"))
        told = await super().token_to_user(token_info)
        if not isinstance(told, dict) or claims.get("sub", told.get("sub")) != told.get("sub"):
            # Core 1.0, 5.3.2: such an answer must not be used.
            raise HTTPError(403, f"{self.login_service} spoke of somebody else than who signed on.")
        return claims | told

    def _claims(self, id_token: str | None) -> dict[str, Any]:
        """It came from the provider itself over TLS, which Core 1.0, 3.1.3.7 takes for its signature."""
        if not id_token:
            return {}
        try:
            return dict(
                jwt.decode(id_token, audience=self.client_id, options={"verify_signature": False, "verify_aud": True})
            )
        except jwt.InvalidTokenError as error:
            raise HTTPError(403, f"{self.login_service} sent an ID token that is not for this hub.") from error

    def name_of(self, user_info: dict[str, Any]) -> str:
        """What the provider calls the person. Raises HTTPError 403 if it says no name."""
        wanted = self.hub_settings.sign_on.username_claim
        for claim in (wanted,) if wanted else NAMES:
            value = within(user_info, claim)
            if value and not (claim == "email" and user_info.get("email_verified") is False):
                return str(value)
        self.log.warning("The provider says no %s of a person, but: %s", wanted or "name", ", ".join(sorted(user_info)))
        raise HTTPError(403, f"{self.login_service} does not say your name ({wanted or ', '.join(NAMES)}).")

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:
        settings = self.hub_settings.sign_on
        groups = self._groups(model)
        return Vouched(bool(groups & {*settings.allowed_groups}), bool(groups & {*settings.admin_groups}))

    def _groups(self, model: dict[str, Any]) -> set[str]:
        told = within(model["auth_state"][self.user_auth_state_key], self.hub_settings.sign_on.groups_claim)
        return {told} if isinstance(told, str) else {str(group) for group in told or ()}

    def token_to_ask(self, state: dict[str, Any]) -> dict[str, Any] | None:
        """Without the ID token, which says what was true when somebody signed on; whether groups were in it is kept."""
        if self.userdata_from_id_token:
            return None
        token = dict(state.get("token_response") or {})
        claims = self._claims(token.pop("id_token", None))
        if within(claims, self.hub_settings.sign_on.groups_claim) is not None:
            token[GROUPS_IN_ID] = True
        return token

    def is_whole(self, model: dict[str, Any]) -> bool:
        """Some providers tell groups in the ID token only: then a new one is needed."""
        state = model["auth_state"]
        told = within(state[self.user_auth_state_key], self.hub_settings.sign_on.groups_claim)
        return told is not None or not state["token_response"].get(GROUPS_IN_ID)


def within(claims: Any, path: str) -> Any:
    """The claim with this name, or the one to which the dots lead; None if there is none."""
    if isinstance(claims, dict) and path in claims:
        return claims[path]
    return reduce(lambda inner, part: inner.get(part) if isinstance(inner, dict) else None, path.split("."), claims)
