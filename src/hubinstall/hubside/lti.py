"""Sign-on by LTI 1.3: people come from a course of a learning platform, such as Moodle's or Canvas's.

The parts of a launch are ltiauthenticator's. Added here: the platform's keys are kept, and asked for without holding
the hub; the cookies of a launch come back with the platform's form; what is wrong is said in words; a form at the hub's
login page is no launch. Sources: 1EdTech Security Framework 1.0, 5.1; LTI 1.3, 5.3.
"""

import asyncio
import json
import time
from typing import Any

import jwt
from jwt import PyJWK, PyJWKSet
from ltiauthenticator.lti13.auth import LTI13Authenticator
from ltiauthenticator.lti13.error import InvalidAudienceError, TokenError, ValidationError
from ltiauthenticator.lti13.handlers import LTI13CallbackHandler, LTI13LoginInitHandler
from ltiauthenticator.lti13.validator import LTI13LaunchValidator
from ltiauthenticator.utils import convert_request_to_dict
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import HTTPError

from hubinstall.hubside.provider_rights import ProviderRights
from hubinstall.hubside.rights import Vouched
from hubinstall.hubside.seen import UnaskableError
from hubinstall.hubside.through_proxy import ThroughProxy

ROLES = "https://purl.imsglobal.org/spec/lti/claim/roles"
IN_A_COURSE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
"""Where the words for roles in a course belong to: Learner, Instructor."""
NEEDED = ("iss", "login_hint", "target_link_uri")
CLOCKS = 60
"""Seconds by which the platform's clock may differ."""
ASK_AGAIN = 30.0
"""Seconds between two questions for keys: a platform has new ones now and then, and anyone may name a wrong one."""
OLD = (
    "This is not the launch that your browser began: it is an old one, or your browser keeps no cookies for the hub, as"
    " in a frame of another site. Open the hub from the course again, in a new window."
)


class Launch(dict[str, Any]):
    """The claims of a message that was checked. A form that anyone can send to the hub's login is none."""


class Login(LTI13LoginInitHandler):  # type: ignore[misc]  # ltiauthenticator has no types
    """The platform says that somebody will come; the browser is sent there for the message that says who."""

    def post(self) -> None:
        known = self.authenticator
        given = convert_request_to_dict(self.request.arguments)
        if not all(given.get(key) for key in NEEDED):
            raise HTTPError(400, f"People come to this hub from a course of {known.called}: open it there.")
        if given["iss"] != known.issuer:
            raise HTTPError(403, f"This launch is of another platform than {known.called}, the only one of this hub.")
        if given.get("client_id", known.client) != known.client:
            raise HTTPError(403, f"This launch is for another tool of {known.called} than this hub.")
        super().post()

    get = post

    def authorize_redirect(self, **told: Any) -> None:
        super().authorize_redirect(**{**told, "client_id": self.authenticator.client})

    def _set_oauth_cookie(self, key: str, value: str) -> None:
        # The platform's form comes from another site, with which browsers send no other cookies.
        others = {"samesite": "None"} if self.authenticator.get_uri_scheme(self.request) == "https" else {}
        self._set_cookie(key, value, expires_days=1, encrypted=True, **others)


class Callback(LTI13CallbackHandler):  # type: ignore[misc]
    """The platform's message, which the browser brings."""

    async def post(self) -> None:
        try:
            launch = await self.launch()
        except ValidationError as error:
            self.log.warning("A launch was refused: %s", error)
            words = f"The hub cannot take this launch of {self.authenticator.called}: {error}"
            raise HTTPError(403, words) from error
        user = await self.login_user(launch)
        if user is None:
            raise HTTPError(403, "You may not use this hub. Ask its administrator.")
        await self.redirect_to_next_url(user)

    async def launch(self) -> Launch:
        """Raises ValidationError, or HTTPError with words."""
        given = convert_request_to_dict(self.request.arguments)
        if given.get("error"):
            said = given.get("error_description") or given["error"]
            raise HTTPError(403, f"{self.authenticator.called} did not sign you on: {said[:200]}")
        validator = LTI13LaunchValidator(parent=self.app)
        validator.validate_auth_response(given)
        try:
            self.check_state()
        except HTTPError as error:
            raise HTTPError(400, OLD) from error
        claims = await self.authenticator.verified(given["id_token"])
        validator.validate_id_token(claims)
        validator.validate_azp_claim(claims, {self.authenticator.client})
        try:
            self.check_nonce(claims)
        except HTTPError as error:
            raise HTTPError(400, OLD) from error
        return Launch(claims)


class LtiAuthenticator(ProviderRights, LTI13Authenticator):  # type: ignore[misc]
    login_handler, callback_handler = Login, Callback

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        settings = self.hub_settings.sign_on
        self.client = settings.client_id
        self.issuer, self.client_id, self.login_service = settings.issuer, {self.client}, settings.title
        for name in ("authorize_url", "jwks_endpoint", "username_key"):
            setattr(self, name, settings.options[name])
        self._keys: dict[str | None, PyJWK] = {}
        self._asked_at = float("-inf")
        self._asking_keys = asyncio.Lock()
        self.http_client: Any = ThroughProxy() if "HTTPS_PROXY" in self.hub_settings.way_out else AsyncHTTPClient()

    async def authenticate(self, handler: Any, data: Any = None) -> dict[str, Any]:  # noqa: ARG002 - JupyterHub's
        """Whom the platform says that this is, under the account's name. Raises HTTPError with words."""
        if not isinstance(data, Launch):
            raise HTTPError(403, f"People come to this hub from a course of {self.called}: open it there.")
        subject, roles = str(data.get("sub") or ""), data[ROLES]
        if not subject:
            raise HTTPError(403, f"{self.called} does not say who you are: a launch needs a person.")
        told = str(self.get_username(data))
        held = [str(role) for role in roles] if isinstance(roles, list) else []
        state = {"told": told, "sub": subject, "roles": held}
        return await self.welcomed({"name": self.account_of(told, subject), "auth_state": state})

    def subject(self, model: dict[str, Any]) -> str:
        return str((model.get("auth_state") or {}).get("sub") or "")

    def told_name(self, model: dict[str, Any]) -> str:
        return str((model.get("auth_state") or {}).get("told") or model["name"])

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:
        settings, roles = self.hub_settings.sign_on, {*model["auth_state"]["roles"]}
        allowed, admin = (
            any(role_named(role) in roles for role in wanted)
            for wanted in (settings.allowed_groups, settings.admin_groups)
        )
        return Vouched(allowed, admin)

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        """A platform says who somebody is at a launch only."""
        raise UnaskableError

    # -- the message ------------------------------------------------------------------------------------------

    async def verified(self, message: str) -> dict[str, Any]:
        """The claims, if the platform has signed them for this hub. Raises ValidationError in words."""
        try:
            key = await self._key(jwt.get_unverified_header(message).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                message, key, algorithms=list(self.jwks_algorithms), audience=self.client, issuer=self.issuer,
                leeway=CLOCKS, options={"require": ["exp", "iat", "aud", "iss", "nonce"]},
            )  # fmt: skip
        except jwt.InvalidAudienceError as error:
            raise InvalidAudienceError("it is for another tool") from error
        except jwt.InvalidIssuerError as error:
            raise TokenError("it is of another platform") from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise TokenError("it is too old, or the clock of the hub or of the platform is wrong") from error
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
            raise TokenError("its signature is not the platform's") from error
        except jwt.PyJWTError as error:
            raise TokenError(str(error)) from error
        return claims

    async def _key(self, name: str | None) -> PyJWK:
        """The platform's key of this name. Raises TokenError if it has none, HTTPError 503 if it does not answer."""
        async with self._asking_keys:
            if name not in self._keys and time.monotonic() - self._asked_at > ASK_AGAIN:
                self._keys = await self._ask_for_keys()
                self._asked_at = time.monotonic()
        if name not in self._keys:
            raise TokenError("it is signed with a key that the platform does not show")
        return self._keys[name]

    async def _ask_for_keys(self) -> dict[str | None, PyJWK]:
        request = HTTPRequest(self.jwks_endpoint, connect_timeout=5.0, request_timeout=10.0)
        try:
            answer = await self.http_client.fetch(request)
            return {key.key_id: key for key in PyJWKSet.from_dict(json.loads(answer.body)).keys}
        except (HTTPClientError, OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            self.log.warning("The keys of the sign-on at %s cannot be had: %s", self.jwks_endpoint, error)
            words = f"{self.called} does not show its keys, so nobody can sign on. Try again in a minute."
            raise HTTPError(503, words) from error


def role_named(role: str) -> str:
    """The role as platforms say it; a word is one for people in a course."""
    return role if ":" in role else f"{IN_A_COURSE}{role}"
